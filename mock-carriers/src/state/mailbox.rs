//! The tip line's own mailbox as an IMAP server keeps it: folders, UIDs, flags, raw mails.
//! How it is spoken to is `imap`'s, how mail gets in is `postman`'s. Bounded: a full folder loses its oldest mail.
//! A UID is never given twice under one UIDVALIDITY; changing the UIDVALIDITY renumbers everything, as after a
//! restore from a backup.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::mail::header;

/// Folders that may exist.
pub const FOLDERS_KEPT: usize = 100;
/// Mails kept in one folder.
pub const FOLDER_MAILS_KEPT: usize = 20_000;
/// Keywords that one mail may carry.
pub const FLAGS_KEPT: usize = 50;
/// Longest name of a folder, in bytes.
const FOLDER_NAME_BYTES: usize = 200;
/// Where new mail arrives.
pub const INBOX: &str = "INBOX";
/// Where a filter puts what it takes for junk.
pub const JUNK: &str = "Junk";

/// The folders of one account.
#[derive(Debug)]
pub struct Mailbox {
    folders: BTreeMap<String, Folder>,
    next_validity: u32,
}

/// One folder.
#[derive(Debug)]
pub struct Folder {
    /// UIDs of one validity say nothing about those of another.
    pub uid_validity: u32,
    /// The UID that the next mail gets.
    pub uid_next: u32,
    /// In the order of their UIDs.
    mails: Vec<Stored>,
}

/// One mail in a folder.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its number in this folder.
    pub uid: u32,
    /// When it came.
    pub came: Timestamp,
    /// `\Seen`, `\Deleted` and the like, as written.
    pub flags: BTreeSet<String>,
    /// The bytes.
    pub raw: Arc<[u8]>,
}

/// A folder as the control API lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Its name.
    pub folder: String,
    /// All folders.
    pub folders: Vec<String>,
    /// Under which the UIDs are good.
    pub uid_validity: u32,
    /// The UID that the next mail gets.
    pub uid_next: u32,
    /// Its mails by UID.
    pub mails: Vec<ListedMail>,
}

/// A mail in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedMail {
    /// Its number in the folder.
    pub uid: u32,
    /// The `From` header.
    pub from: String,
    /// The decoded subject.
    pub subject: String,
    /// The `Message-ID` header as written.
    pub message_id: String,
    /// Its flags.
    pub flags: Vec<String>,
    /// Its length in bytes.
    pub size: usize,
    /// When it came.
    pub at: Timestamp,
}

/// Why a folder was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoFolder {
    /// There is one of that name.
    #[error("the folder exists already")]
    Exists,
    /// Empty, too long, or with characters that need an encoding.
    #[error("a folder's name is 1 to 200 plain ASCII characters without quotes, backslashes, * and %")]
    Name,
    /// The bound is reached.
    #[error("there are too many folders")]
    TooMany,
}

impl Default for Mailbox {
    fn default() -> Self {
        let mut mailbox = Self { folders: BTreeMap::new(), next_validity: 1_001 };
        mailbox.insert(INBOX);
        mailbox.insert(JUNK);
        mailbox
    }
}

impl Mailbox {
    fn insert(&mut self, name: &str) {
        let folder = Folder { uid_validity: self.next_validity, uid_next: 1, mails: Vec::new() };
        self.next_validity += 1;
        self.folders.insert(name.to_owned(), folder);
    }

    /// Empties everything; old UIDs are worth nothing afterwards.
    pub fn forget(&mut self) {
        let next_validity = self.next_validity;
        *self = Self { folders: BTreeMap::new(), next_validity };
        self.insert(INBOX);
        self.insert(JUNK);
    }

    /// The name as it is kept: INBOX is written in any case.
    pub fn name_of(&self, name: &str) -> Option<String> {
        let name = if name.eq_ignore_ascii_case(INBOX) { INBOX } else { name };
        self.folders.contains_key(name).then(|| name.to_owned())
    }

    /// Every folder's name.
    pub fn names(&self) -> Vec<String> {
        self.folders.keys().cloned().collect()
    }

    /// One folder.
    pub fn folder(&self, name: &str) -> Option<&Folder> {
        self.folders.get(&self.name_of(name)?)
    }

    /// One folder, to change.
    pub fn folder_mut(&mut self, name: &str) -> Option<&mut Folder> {
        let name = self.name_of(name)?;
        self.folders.get_mut(&name)
    }

    /// Makes a folder.
    pub fn create(&mut self, name: &str) -> Result<(), NoFolder> {
        let plain = |c: char| (' '..='~').contains(&c) && !matches!(c, '"' | '\\' | '*' | '%' | '&');
        if name.is_empty() || name.len() > FOLDER_NAME_BYTES || !name.chars().all(plain) {
            return Err(NoFolder::Name);
        }
        if self.name_of(name).is_some() {
            return Err(NoFolder::Exists);
        }
        if self.folders.len() >= FOLDERS_KEPT {
            return Err(NoFolder::TooMany);
        }
        self.insert(name);
        Ok(())
    }

    /// Gives a folder a new UIDVALIDITY and its mails new UIDs; returns it, or none when there is no such folder.
    pub fn renumber(&mut self, name: &str) -> Option<u32> {
        let validity = self.next_validity;
        let folder = self.folder_mut(name)?;
        folder.uid_validity = validity;
        folder.uid_next = 1;
        for mail in &mut folder.mails {
            mail.uid = folder.uid_next;
            folder.uid_next += 1;
        }
        self.next_validity += 1;
        Some(validity)
    }

    /// Copies mails into another folder with their flags; pairs of the old and the new UID.
    pub fn copy(&mut self, from: &str, uids: &[u32], to: &str) -> Vec<(u32, u32)> {
        let wanted = self.folder(from).map(|folder| folder.mails.iter().filter(|mail| uids.contains(&mail.uid)).cloned().collect());
        let wanted: Vec<Stored> = wanted.unwrap_or_default();
        let Some(target) = self.folder_mut(to) else { return Vec::new() };
        wanted.into_iter().map(|mail| (mail.uid, target.add(mail.raw, mail.came, mail.flags))).collect()
    }

    /// A folder for the control API.
    pub fn listing(&self, name: &str) -> Option<Listing> {
        let name = self.name_of(name)?;
        let folder = self.folders.get(&name)?;
        let mails = folder.mails.iter().map(ListedMail::of).collect();
        Some(Listing { folder: name, folders: self.names(), uid_validity: folder.uid_validity, uid_next: folder.uid_next, mails })
    }
}

impl Folder {
    /// Adds a mail; returns its UID.
    pub fn add(&mut self, raw: Arc<[u8]>, came: Timestamp, flags: BTreeSet<String>) -> u32 {
        if self.mails.len() >= FOLDER_MAILS_KEPT {
            self.mails.remove(0);
        }
        let uid = self.uid_next;
        self.uid_next += 1;
        self.mails.push(Stored { uid, came, flags, raw });
        uid
    }

    /// Its mails in order.
    pub fn mails(&self) -> &[Stored] {
        &self.mails
    }

    /// The mail with this UID.
    pub fn mail(&self, uid: u32) -> Option<&Stored> {
        let at = self.mails.binary_search_by_key(&uid, |mail| mail.uid).ok()?;
        self.mails.get(at)
    }

    /// The mail with this UID, to change.
    pub fn mail_mut(&mut self, uid: u32) -> Option<&mut Stored> {
        let at = self.mails.binary_search_by_key(&uid, |mail| mail.uid).ok()?;
        self.mails.get_mut(at)
    }

    /// Takes away the mails for which this holds.
    pub fn remove(&mut self, gone: impl Fn(&Stored) -> bool) {
        self.mails.retain(|mail| !gone(mail));
    }
}

impl ListedMail {
    fn of(mail: &Stored) -> Self {
        let parsed = mail_parser::MessageParser::default().parse_headers(&mail.raw[..]);
        let headers: Vec<(String, String)> =
            parsed.iter().flat_map(|parsed| parsed.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned()))).collect();
        Self {
            uid: mail.uid,
            from: header(&headers, "From").unwrap_or_default().to_owned(),
            subject: parsed.as_ref().and_then(|parsed| parsed.subject()).unwrap_or_default().to_owned(),
            message_id: header(&headers, "Message-ID").unwrap_or_default().to_owned(),
            flags: mail.flags.iter().cloned().collect(),
            size: mail.raw.len(),
            at: mail.came,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(mailbox: &mut Mailbox, folder: &str, text: &str) -> u32 {
        let folder = mailbox.folder_mut(folder).unwrap();
        folder.add(text.as_bytes().into(), crate::clock::now(), BTreeSet::new())
    }

    #[test]
    fn uids_rise_and_are_never_given_twice() {
        let mut mailbox = Mailbox::default();
        assert_eq!(add(&mut mailbox, "inbox", "Subject: a\r\n\r\n"), 1);
        mailbox.folder_mut(INBOX).unwrap().remove(|mail| mail.uid == 1);
        assert_eq!(add(&mut mailbox, INBOX, "Subject: b\r\n\r\n"), 2);
        let old = mailbox.folder(INBOX).unwrap().uid_validity;
        let new = mailbox.renumber(INBOX).unwrap();
        assert_ne!(old, new);
        let listing = mailbox.listing(INBOX).unwrap();
        assert_eq!((listing.mails[0].uid, listing.mails[0].subject.as_str(), listing.uid_next), (1, "b", 2));
    }

    #[test]
    fn folders_are_made_once_and_mails_are_copied_with_their_flags() {
        let mut mailbox = Mailbox::default();
        assert_eq!(mailbox.create("Done"), Ok(()));
        assert_eq!(mailbox.create("Done"), Err(NoFolder::Exists));
        assert_eq!(mailbox.create("a*"), Err(NoFolder::Name));
        let uid = add(&mut mailbox, INBOX, "x");
        mailbox.folder_mut(INBOX).unwrap().mail_mut(uid).unwrap().flags.insert("\\Seen".to_owned());
        assert_eq!(mailbox.copy(INBOX, &[uid], "Done"), [(1, 1)]);
        assert_eq!(mailbox.listing("Done").unwrap().mails[0].flags, ["\\Seen"]);
    }
}
