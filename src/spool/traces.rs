//! What the database knows the letters of a copied spool by once it has taken them: so that a copy goes when nothing in it waits any more.
//!
//! A letter that does not open, or of which the database has no trace, keeps its file. What may leave no trace although it was taken (news
//! that came too late, a program's mail) keeps it for a day.

use super::letter::Letter;
use super::window::{self, Content};
use super::{folder, set_aside};
use crate::vault::Vault;
use crate::vault::sealed::Sealed;
use domain::exchange::Nature;
use jiff::{SignedDuration, Timestamp};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// So long what may leave no trace is kept: an outage is hours.
const TRACELESS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The key of the commit that takes a letter: a row of `once`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Trace {
    /// The account.
    pub(crate) account: String,
    /// What the carrier or page calls it.
    pub(crate) key: String,
}

/// A file of letters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Traced {
    /// Where.
    pub(crate) path: PathBuf,
    /// What must be known before it may go.
    pub(crate) traces: Vec<Trace>,
    /// Whether there is anything in it that nobody here can open.
    pub(crate) closed: bool,
}

/// The files of letters in a copy of a spool, with what is known by `now`.
pub(crate) fn of(copy: &Path, vault: &Vault, now: Timestamp) -> io::Result<Vec<Traced>> {
    let mut files = Vec::new();
    let (front, drained) = folder::drained_to(copy);
    for (number, path) in folder::segments(copy)? {
        let mut traced = Traced { path, traces: Vec::new(), closed: false };
        let (mut at, end) = (if number == front { drained } else { 0 }, fs::metadata(&traced.path)?.len());
        while number >= front && at < end {
            let items = window::read(copy, vault, number, at, end)?;
            at = items.last().map_or(end, |item| item.end);
            for item in items {
                match item.content {
                    Content::Letter(letter, _) => traced.traces.extend(trace(&letter, now)),
                    Content::Closed(_) => traced.closed = true,
                    // Nobody can read it.
                    Content::Damaged(_) => {}
                }
            }
        }
        files.push(traced);
    }
    if set_aside::folder(copy).is_dir() {
        for aside in set_aside::letters(copy, usize::MAX)? {
            let (sealed, place) = aside.read()?;
            let opened = vault.open_letter(&place, &Sealed(sealed)).ok().map(Zeroizing::new);
            let letter = opened.and_then(|clear| Letter::read(&clear, vault).ok());
            let traces = letter.iter().filter_map(|letter| trace(letter, now)).collect();
            files.push(Traced { path: aside.path().to_owned(), traces, closed: letter.is_none() });
        }
    }
    Ok(files)
}

fn trace(letter: &Letter, now: Timestamp) -> Option<Trace> {
    let (key, is_sure) = match letter {
        Letter::Message(message, _) => {
            let is_sure = match message.nature {
                Nature::Person | Nature::Unreadable => true,
                Nature::Bounce | Nature::Automatic | Nature::ReadReceipt => false,
            };
            (message.provider_id.0.clone(), is_sure)
        }
        Letter::Receipt(receipt, _) => (receipt.once.clone(), false),
    };
    let waits = is_sure || now.duration_since(letter.at()) < TRACELESS_FOR;
    waits.then(|| Trace { account: letter.account().to_string(), key })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{message, new_tip, vault};
    use super::super::{Options, Spool};
    use super::*;
    use crate::entropy::Entropy;
    use crate::lifecycle::Tasks;
    use crate::vault::keys::MasterKey;
    use domain::dispatch::evidence::ReceiptKind;
    use domain::exchange::{ProviderId, Receipt};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_copy_tells_what_each_of_its_files_waits_for() {
        let copy = std::env::temp_dir().join(format!("tipline-traces-{}", Entropy.uuid().simple()));
        let tasks = Tasks::default();
        let options = Options { folder: copy.clone(), most_bytes: 1 << 30 };
        let spool = Spool::open(&options, vault(), &move |name, task| tasks.spawn(name, task)).unwrap();
        let at = new_tip(&vault()).at;
        let letter = |id: &str| Letter::Message(Box::new(message("+15555550142", id, "words")), Box::new(new_tip(&vault())));
        for n in 0..100 {
            spool.put(&letter(&format!("SM{n}"))).await.unwrap();
        }
        let receipt = Receipt {
            account: "main".parse().unwrap(),
            attempt: Entropy.attempt(),
            provider_id: ProviderId("CA1".into()),
            once: "CA1:ended".into(),
            kind: ReceiptKind::Answered,
        };
        spool.put(&Letter::Receipt(Box::new(receipt), at)).await.unwrap();
        spool.close().await;
        let keys = |now, vault: &Arc<Vault>| {
            let files = of(&copy, vault, now).unwrap();
            assert_eq!(files.len(), 1, "{files:?}");
            (files[0].traces.iter().map(|trace| trace.key.clone()).collect::<Vec<_>>(), files[0].closed)
        };
        let mut all: Vec<String> = (0..100).map(|n| format!("SM{n}")).collect();
        let later = at.saturating_add(TRACELESS_FOR).unwrap();
        assert_eq!(keys(later, &vault()), (all.clone(), false), "a day later nobody waits for the receipt");
        all.push("CA1:ended".into());
        assert_eq!(keys(at, &vault()), (all, false));
        let other = Arc::new(Vault::new(&MasterKey::from_bytes([4; 32]), Entropy));
        assert_eq!(keys(at, &other), (Vec::new(), true), "what does not open stays");
        // What was drained before it was copied is not waited for.
        let (number, end) = folder::reaches_to(&copy).unwrap();
        super::super::open::write_cursor(&copy, number, end).unwrap();
        assert_eq!(keys(at, &vault()), (Vec::new(), false));
        fs::remove_dir_all(copy).unwrap();
    }
}
