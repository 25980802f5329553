//! What tests, benchmarks and the demo need around the gateway: private PostgreSQL clusters and a line that can be cut.
//!
//! Knows nothing of tips and depends on no crate of this workspace.

pub mod disk;
