//! Tests of [`decide`](super).
