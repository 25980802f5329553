//! A selected folder as one client knows it: its sequence numbers, and what it has not been told yet.

use super::search;
use super::sequence::Set;
use super::session::{Refusal, bad, text};
use super::syntax::Word;
use crate::exchange::Exchange;
use crate::state::mailbox::Mailbox;

/// What one client knows.
#[derive(Debug)]
pub struct View {
    /// The folder's name.
    pub folder: String,
    /// Under which its UIDs are good.
    pub validity: u32,
    /// Opened with EXAMINE.
    pub read_only: bool,
    /// The UIDs in the order of the sequence numbers.
    pub uids: Vec<u32>,
}

/// What changed in a folder since the client was last told; none when its UIDs are no longer good.
pub fn news(exchange: &Exchange, view: &mut View, may_expunge: bool) -> Option<String> {
    let now: Option<Vec<u32>> = exchange.with(|state| {
        let folder = state.mailbox.folder(&view.folder).filter(|folder| folder.uid_validity == view.validity)?;
        Some(folder.mails().iter().map(|mail| mail.uid).collect())
    });
    let now = now?;
    let mut text = String::new();
    if may_expunge {
        let gone: Vec<usize> = view.uids.iter().enumerate().filter(|(_, uid)| now.binary_search(uid).is_err()).map(|(at, _)| at).collect();
        for at in gone.into_iter().rev() {
            view.uids.remove(at);
            text.push_str(&format!("* {} EXPUNGE\r\n", at + 1));
        }
    }
    let known = view.uids.last().copied().unwrap_or(0);
    let new: Vec<u32> = now.into_iter().filter(|uid| *uid > known).collect();
    if !new.is_empty() {
        view.uids.extend(new);
        text.push_str(&format!("* {} EXISTS\r\n", view.uids.len()));
    }
    Some(text)
}

impl View {
    /// The messages that the first argument names, as (sequence number, UID).
    pub fn chosen(&self, arguments: &[Word], by_uid: bool) -> Result<Vec<(u32, u32)>, Refusal> {
        let set = text(arguments, 0).and_then(|text| Set::parse(&text)).ok_or_else(|| bad("A set of messages is missing"))?;
        let (number, uid) = self.last();
        let named = self.numbered().filter(|pair| if by_uid { set.names(pair.1, uid) } else { set.names(pair.0, number) });
        Ok(named.collect())
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, u32)> {
        (1_u32..).zip(self.uids.iter().copied())
    }

    /// The largest sequence number and the largest UID.
    fn last(&self) -> (u32, u32) {
        self.numbered().last().unwrap_or((0, 0))
    }

    /// What SEARCH answers after its name.
    pub fn search(&self, mailbox: &Mailbox, keys: &[search::Key], by_uid: bool) -> String {
        let last = self.last();
        let fits = |(number, uid): &(u32, u32)| {
            let mail = mailbox.folder(&self.folder).and_then(|folder| folder.mail(*uid));
            mail.is_some_and(|mail| keys.iter().all(|key| key.fits(*number, mail, last)))
        };
        self.numbered().filter(fits).map(|(number, uid)| format!(" {}", if by_uid { uid } else { number })).collect()
    }
}
