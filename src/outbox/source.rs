//! What an answer by mail refers to: the Message-ID of the reporter's mail, with the keyed index of the address that it came from.
//!
//! A tip may have several people who write by mail (a parent, a friend who was sent our mail on). An answer goes to one address and may
//! name only a mail of that address: another's Message-ID would tell that there is another. Both are sealed together, as one text.

use crate::vault::hex;
use crate::vault::sealed::BlindIndex;
use domain::sealed::Words;

/// The most of a tip's mails that are looked through for one of the address.
pub const MOST_LOOKED_AT: u32 = 50;

/// One mail's name and whose it is.
pub struct Source {
    id: String,
    from: Option<String>,
}

impl Source {
    /// A mail of this address, if it has one.
    pub fn of(id: &Words, from: Option<BlindIndex>) -> Self {
        Self { id: id.reveal().to_owned(), from: from.map(|index| hex(&index.0)) }
    }
    /// As it is sealed: the id, and on a second line the index.
    pub fn written(&self) -> String {
        match &self.from {
            Some(from) => format!("{}\n{from}", self.id),
            None => self.id.clone(),
        }
    }
    /// Reads it back. One that was written before there was an index is anybody's.
    pub fn read(written: &Words) -> Self {
        match written.reveal().split_once('\n') {
            Some((id, from)) => Self { id: id.to_owned(), from: Some(from.to_owned()) },
            None => Self { id: written.reveal().to_owned(), from: None },
        }
    }
    /// The id, if it is a mail of this address or nobody knows whose.
    pub fn id_for(self, index: BlindIndex) -> Option<Words> {
        let is_theirs = self.from.is_none_or(|from| from == hex(&index.0));
        is_theirs.then(|| Words::new(self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_named_to_its_own_address_only() {
        let (one, other) = (BlindIndex([1; 32]), BlindIndex([2; 32]));
        let read = |source: &Source| Source::read(&Words::new(source.written()));
        let source = Source::of(&Words::new("a@example.org"), Some(one));
        assert_eq!(read(&source).id_for(one).map(|id| id.reveal().to_owned()).as_deref(), Some("a@example.org"));
        assert!(read(&source).id_for(other).is_none());
        let old = Source::read(&Words::new("b@example.org"));
        assert!(old.id_for(other).is_some(), "from before there was an index");
    }
}
