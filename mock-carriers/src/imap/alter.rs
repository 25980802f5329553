//! Commands that alter messages: STORE, COPY, MOVE, EXPUNGE. They work on UIDs; whoever asked by sequence number has
//! them looked up in its own view first. Moved and expunged messages are told of when the view is brought up to date.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::fetch;
use super::sequence;
use super::session::{Refusal, refuse_no};
use super::syntax::Word;
use crate::state::mailbox::{FLAGS_KEPT, Mailbox};

/// What STORE does with the flags it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
    Replace,
}

/// STORE: what it answers for messages given as (sequence number, UID).
pub fn store(
    mailbox: &mut Mailbox,
    folder: &str,
    chosen: &[(u32, u32)],
    item: &str,
    flags: &Word,
    by_uid: bool,
) -> Result<String, Refusal> {
    let item = item.to_ascii_uppercase();
    let (name, silent) = item.strip_suffix(".SILENT").map_or((item.as_str(), false), |name| (name, true));
    let change = match name {
        "FLAGS" => Change::Replace,
        "+FLAGS" => Change::Add,
        "-FLAGS" => Change::Remove,
        _ => return Err(Refusal::Bad("STORE wants FLAGS, +FLAGS or -FLAGS".to_owned())),
    };
    let given: BTreeSet<String> = flags.all().iter().filter_map(Word::text).map(|flag| written(&flag)).take(FLAGS_KEPT).collect();
    let mut answer = String::new();
    for (number, uid) in chosen {
        let Some(mail) = mailbox.folder_mut(folder).and_then(|folder| folder.mail_mut(*uid)) else { continue };
        match change {
            Change::Replace => mail.flags = given.clone(),
            Change::Add if mail.flags.len() < FLAGS_KEPT => mail.flags.extend(given.iter().cloned()),
            Change::Add => return Err(refuse_no("LIMIT", "A mail carries too many flags")),
            Change::Remove => mail.flags.retain(|flag| !given.contains(flag)),
        }
        if !silent {
            let number_and = if by_uid { format!("UID {uid} ") } else { String::new() };
            let _ = write!(answer, "* {number} FETCH ({number_and}{})\r\n", fetch::flags(mail));
        }
    }
    Ok(answer)
}

/// The five flags of the standard are kept in their usual spelling, keywords as given.
fn written(flag: &str) -> String {
    let usual = super::folders::FLAGS.split(' ').find(|usual| usual.eq_ignore_ascii_case(flag));
    usual.unwrap_or(flag).to_owned()
}

/// COPY, and the first half of MOVE: the `COPYUID` code.
pub fn copy(mailbox: &mut Mailbox, from: &str, uids: &[u32], to: &str) -> Result<String, Refusal> {
    let target = mailbox.folder(to).map(|folder| folder.uid_validity);
    let validity = target.ok_or_else(|| refuse_no("TRYCREATE", "There is no such folder"))?;
    let pairs = mailbox.copy(from, uids, to);
    if pairs.is_empty() {
        return Ok(String::new());
    }
    let (old, new) = (pairs.iter().map(|pair| pair.0), pairs.iter().map(|pair| pair.1));
    Ok(format!("[COPYUID {validity} {} {}] ", sequence::list(old), sequence::list(new)))
}

/// EXPUNGE: those with `\Deleted`, maybe only among these UIDs.
pub fn expunge(mailbox: &mut Mailbox, folder: &str, among: Option<&[u32]>) {
    if let Some(folder) = mailbox.folder_mut(folder) {
        folder.remove(|mail| mail.flags.contains("\\Deleted") && among.is_none_or(|uids| uids.contains(&mail.uid)));
    }
}

/// The second half of MOVE.
pub fn remove(mailbox: &mut Mailbox, folder: &str, uids: &[u32]) {
    if let Some(folder) = mailbox.folder_mut(folder) {
        folder.remove(|mail| uids.contains(&mail.uid));
    }
}
