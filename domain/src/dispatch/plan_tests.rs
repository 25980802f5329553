//! Tests of [`plan`](super).
