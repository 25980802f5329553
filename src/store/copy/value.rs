//! One value of a row, the same on both engines, and how a row is hashed.

use sha2::{Digest, Sha256};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text, or none.
    Text(Option<String>),
    /// A number, or none.
    Int(Option<i64>),
    /// True, false, or neither.
    Flag(Option<bool>),
    /// Bytes, or none.
    Bytes(Option<Vec<u8>>),
}

/// The values of a row, in the order of the table's columns.
pub(crate) type Row = Vec<Value>;

impl Value {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => text.as_deref(),
            Value::Int(_) | Value::Flag(_) | Value::Bytes(_) => None,
        }
    }
    /// The bytes, if it has some.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => bytes.as_deref(),
            Value::Text(_) | Value::Int(_) | Value::Flag(_) => None,
        }
    }
    /// Nothing where nothing may stand, else as good as nothing: no bytes.
    pub(crate) fn blank(&mut self) {
        if let Value::Bytes(Some(bytes)) = self {
            bytes.clear();
        }
    }
}

/// The hash of a row: every value with its kind and length before it, so that no two rows are the same input.
pub(super) fn hash(row: &Row) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut take = |kind: u8, bytes: Option<&[u8]>| match bytes {
        None => hasher.update([0]),
        Some(bytes) => {
            hasher.update([kind]);
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
    };
    for value in row {
        match value {
            Value::Text(text) => take(1, text.as_deref().map(str::as_bytes)),
            Value::Int(number) => take(2, number.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice)),
            Value::Flag(flag) => take(3, flag.map(|flag| [u8::from(flag)]).as_ref().map(<[u8; 1]>::as_slice)),
            Value::Bytes(bytes) => take(4, bytes.as_deref()),
        }
    }
    hasher.finalize().into()
}
