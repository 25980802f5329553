//! The pages: filled in with them.
