//! Brings mail to the tip line: into its IMAP mailbox and, beside it, into the inbox of the pages.
//! Mail comes from the SMTP server (for the mailbox's address, plus-addresses included), from handsets and from the
//! control API; all of it but raw mail gets the headers that a receiving server writes on top.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::exchange::{Announcement, Exchange};
use crate::ids;
use crate::letter::{Letter, bare};
use crate::state::mail::{Mail, header};
use crate::state::mailbox::INBOX;

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The folder it lies in.
    pub folder: String,
    /// Its number there.
    pub uid: u32,
    /// Its `Message-ID` header, empty when it has none.
    pub message_id: String,
    /// Its id in the inbox of the pages.
    pub id: String,
}

/// True when mail to this recipient is the mailbox's: its address in any case, with or without `+something`.
pub fn is_ours(mailbox: &str, recipient: &str) -> bool {
    let (Some((own, own_host)), Some((name, host))) = (mailbox.rsplit_once('@'), recipient.rsplit_once('@')) else {
        return false;
    };
    let plain = name.split_once('+').map_or(name, |(before, _)| before);
    plain.eq_ignore_ascii_case(own) && host.eq_ignore_ascii_case(own_host)
}

/// Delivers a letter; the sentence says what is wrong with it.
pub fn post(exchange: &Exchange, letter: &Letter) -> Result<Posted, String> {
    let mailbox = &exchange.options.mailbox;
    let to = letter.to.clone().unwrap_or_else(|| mailbox.clone());
    let recipient = bare(&to);
    if !is_ours(mailbox, recipient) {
        return Err(format!("`{recipient}` is not the mailbox's: write to {mailbox} or a plus-address of it"));
    }
    let folder = letter.folder.as_deref().unwrap_or(INBOX);
    if exchange.with(|state| state.mailbox.name_of(folder).is_none()) {
        return Err(format!("there is no folder `{folder}`: use INBOX, Junk or one that a client created"));
    }
    let mut raw = letter.write(&to)?;
    let return_path = letter.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Return-Path"));
    let sender = return_path.map_or(bare(&letter.from), |(_, value)| bare(value));
    if letter.raw_base64.is_none() {
        raw = traced(sender, recipient, "client.example.org", &raw);
    }
    let mail = Mail::parse(ids::sid("ML"), clock::now(), sender.to_owned(), vec![recipient.to_owned()], raw.clone());
    keep(exchange, mail, folder, raw)
}

/// What the SMTP server took: into the inbox of the pages, and into the mailbox for each recipient that is its.
pub fn take(exchange: &Exchange, sender: String, recipients: Vec<String>, message: Vec<u8>) -> String {
    let ours: Vec<String> = recipients.iter().filter(|to| is_ours(&exchange.options.mailbox, to)).cloned().collect();
    for recipient in &ours {
        place(exchange, INBOX, traced(&sender, recipient, "smtp.example.org", &message));
    }
    let mail = Mail::parse(ids::sid("ML"), clock::now(), sender, recipients, message);
    let id = mail.id.clone();
    show(exchange, mail);
    id
}

fn keep(exchange: &Exchange, mail: Mail, folder: &str, raw: Vec<u8>) -> Result<Posted, String> {
    let message_id = header(&mail.headers, "Message-ID").unwrap_or_default().to_owned();
    let id = mail.id.clone();
    show(exchange, mail);
    let uid = place(exchange, folder, raw).ok_or_else(|| format!("the folder `{folder}` is gone"))?;
    let folder = exchange.with(|state| state.mailbox.name_of(folder)).unwrap_or_default();
    Ok(Posted { folder, uid, message_id, id })
}

fn place(exchange: &Exchange, folder: &str, raw: Vec<u8>) -> Option<u32> {
    let uid = exchange.with(|state| Some(state.mailbox.folder_mut(folder)?.add(raw.into(), clock::now(), BTreeSet::new())));
    exchange.announce(Announcement::Mailbox { folder: folder.to_owned() });
    uid
}

fn show(exchange: &Exchange, mail: Mail) {
    let announcement = Announcement::Mail { id: mail.id.clone(), to: mail.to.clone(), subject: mail.subject.clone() };
    exchange.with(|state| state.mails.put(mail.id.clone(), mail));
    exchange.announce(announcement);
}

/// The mail under the headers of the server that received it (RFC 5321, 4.4).
fn traced(sender: &str, recipient: &str, host: &str, message: &[u8]) -> Vec<u8> {
    let id = ids::hex32();
    let now = clock::rfc2822(clock::now());
    let head = format!(
        "Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\nReceived: from {host} ({host} [192.0.2.42])\r\n\
        \tby mock.example.org with ESMTP id {}\r\n\tfor <{recipient}>; {now}\r\n",
        id.get(..12).unwrap_or_default()
    );
    [head.as_bytes(), message].concat()
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn plus_addresses_are_the_mailboxs_and_others_are_not() {
        let ours = |to: &str| is_ours("tips@example.org", to);
        assert!(ours("tips@example.org") && ours("Tips+t123.abc@Example.org"));
        assert!(!ours("tipster@example.org") && !ours("tips@example.net") && !ours("tips") && !ours("x+tips@example.org"));
    }
}
