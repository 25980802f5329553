//! Tests of [`delivery`](super).
