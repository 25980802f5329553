//! Takes in what is new in one folder: look, fetch, submit, note, move; in this order, and each only after the one before.
//!
//! A mail counts as taken when the intake says that it is durable, and only then does the cursor pass it; moving it away
//! comes last and may fail without harm. The cursor is UIDVALIDITY and UID, never a flag, so a person who opens the mailbox
//! hides nothing. A mail that the server will not hand out is reported as such after some tries, and passed.

use super::connect::Mailbox;
use super::knows::knows;
use super::mailbox::{Fault, LARGE_TAKEN_BYTES, MailboxConfig, Step, timed};
use super::read::{ReadMail, read, unreadable};
use super::thread::Own;
use crate::contract::{Cursor, Intake};
use domain::channel::Channel;
use domain::exchange::{Inbound, InboundMessage, MediaBody, MediaRef, MediaRole, Nature, ProviderId};
use domain::sealed::{Address, Words};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How many mails are asked about at a time.
const MOST_ASKED: usize = 50;
/// How many bytes are fetched together: small mails in one go, a large one alone.
const MOST_FETCHED_BYTES: usize = 4 * 1024 * 1024;
/// How many mails are handed to the intake at the same time.
const MOST_SUBMITTED: usize = 16;
/// How often a mail that breaks the connection is fetched before it is passed and reported.
const MOST_FETCHES: u8 = 3;
/// A slow line brings this much in a second, at least.
const SLOWEST_BYTES_PER_SECOND: usize = 64 * 1024;

/// A mail that broke the connection when it was fetched, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Suspect {
    folder: String,
    validity: u32,
    uid: u32,
    times: u8,
}

/// Everything that one look into one folder needs.
pub(super) struct Look<'a> {
    pub(super) config: &'a MailboxConfig,
    pub(super) own: &'a Own,
    pub(super) intake: &'a dyn Intake,
    pub(super) suspect: &'a mut Suspect,
    pub(super) can_move: Moving,
}

/// How the server moves mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moving {
    /// MOVE (RFC 6851).
    Move,
    /// COPY, mark, expunge just these (RFC 4315).
    Expunge,
    /// COPY and mark; whoever tidies the mailbox removes them.
    Mark,
}

/// A mail in the folder: its UID, its size, when it arrived.
#[derive(Debug, Clone, Copy)]
struct Listed {
    uid: u32,
    bytes: usize,
    arrived: Option<Timestamp>,
}

/// A mail as fetched; without bytes when the server did not hand it out.
struct Fetched {
    listed: Listed,
    raw: Vec<u8>,
}

impl Look<'_> {
    /// Looks into a folder; gives how many mails were taken. A folder that is not there has none.
    pub(super) async fn take_in(&mut self, mailbox: &mut Mailbox, folder: &str) -> Result<usize, Fault> {
        while mailbox.unsolicited_responses.try_recv().is_ok() {}
        let selected = match timed(self.config.timeout, Step::Select, mailbox.select(folder)).await {
            Err(Fault::Refused(_)) if folder != self.config.inbox => return Ok(0),
            selected => selected?,
        };
        let validity = selected.uid_validity.unwrap_or(0);
        let known = self.intake.cursor(&self.config.account, folder).await.map_err(|_| Fault::NotTaken)?;
        let mut last = known.filter(|cursor| cursor.validity == validity).map_or(0, |cursor| cursor.uid);
        if known.is_some_and(|cursor| cursor.validity != validity) {
            tracing::warn!(account = %self.config.account, folder, "the folder was numbered anew; all of it is read again, nothing is taken twice");
        }
        if selected.exists == 0 {
            return Ok(0);
        }
        if last > 0 {
            self.tidy(mailbox, last).await;
        }
        let mut taken = 0;
        for uids in self.after(mailbox, last).await?.chunks(MOST_ASKED) {
            let listed = self.list(mailbox, uids).await?;
            for run in runs(&listed, self.suspect.is_in(folder, validity)) {
                let mut mails = self.fetch(mailbox, folder, validity, run).await?;
                match self.withheld(mailbox, run, &mails).await {
                    Ok(withheld) => mails.extend(withheld),
                    // A line that breaks between two mails looks like the end of the answer: it is noticed only now.
                    Err(fault) => {
                        self.suspect.broke(folder, validity, run);
                        return Err(fault);
                    }
                }
                taken += self.submit(folder, validity, mails).await?;
                last = run.last().map_or(last, |mail| mail.uid);
                let cursor = Cursor { validity, uid: last };
                self.intake.advance(&self.config.account, folder, cursor).await.map_err(|_| Fault::NotTaken)?;
                self.away(mailbox, &set(run)).await;
            }
        }
        if self.suspect.is_in(folder, validity) {
            *self.suspect = Suspect::default();
        }
        Ok(taken)
    }

    /// Mails that were not handed out although they are still there: they are reported, not passed in silence.
    async fn withheld(&self, mailbox: &mut Mailbox, run: &[Listed], mails: &[Fetched]) -> Result<Vec<Fetched>, Fault> {
        let fetched = |uid: u32| mails.iter().any(|mail| mail.listed.uid == uid);
        let missing: Vec<u32> = run.iter().map(|mail| mail.uid).filter(|uid| !fetched(*uid)).collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.list(mailbox, &missing).await?.into_iter().map(|listed| Fetched { listed, raw: Vec::new() }).collect())
    }

    /// Hands mails to the intake: those of one sender in order, those of different senders beside each other, so that a flood is
    /// taken as fast as the disk can. All of them are durable when this returns.
    async fn submit(&self, folder: &str, validity: u32, mails: Vec<Fetched>) -> Result<usize, Fault> {
        let count = mails.len();
        let mut by_sender: HashMap<Option<Address>, Vec<Inbound>> = HashMap::new();
        for mail in mails {
            let message = self.message_of(folder, validity, mail).await;
            by_sender.entry(message.from.clone()).or_default().push(Inbound::Message(Box::new(message)));
        }
        let handing = by_sender.into_values().map(|events| async {
            for event in events {
                self.intake.submit(event).await.map_err(|_| Fault::NotTaken)?;
            }
            Ok(())
        });
        stream::iter(handing).buffer_unordered(MOST_SUBMITTED).try_collect::<()>().await?;
        Ok(count)
    }

    /// The UIDs above `last`, in order. `n:*` names the last mail even when it is below n (RFC 9051), so they are filtered.
    async fn after(&self, mailbox: &mut Mailbox, last: u32) -> Result<Vec<u32>, Fault> {
        let Some(first) = last.checked_add(1) else { return Ok(Vec::new()) };
        let found = timed(self.config.timeout, Step::Search, mailbox.uid_search(format!("UID {first}:*"))).await?;
        let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid > last).collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// Sizes and arrival times. A mail that was removed meanwhile is not among them.
    async fn list(&self, mailbox: &mut Mailbox, uids: &[u32]) -> Result<Vec<Listed>, Fault> {
        let wanted = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let listing = async {
            let found: Vec<_> = mailbox.uid_fetch(wanted, "(UID RFC822.SIZE INTERNALDATE)").await?.try_collect().await?;
            Ok(found
                .iter()
                .filter_map(|mail| {
                    let arrived = mail.internal_date().and_then(|at| Timestamp::from_second(at.timestamp()).ok());
                    Some(Listed { uid: mail.uid?, bytes: mail.size.unwrap_or(0) as usize, arrived })
                })
                .collect::<Vec<_>>())
        };
        let mut listed = timed(self.config.timeout, Step::Fetch, listing).await?;
        listed.retain(|mail| uids.contains(&mail.uid));
        listed.sort_unstable_by_key(|mail| mail.uid);
        listed.dedup_by_key(|mail| mail.uid);
        if listed.len() < uids.len() {
            // A line that was closed looks like a short or empty answer, and the first words written to it are lost without an error: only an
            // answer with its tag proves that the mails are gone, not the line.
            timed(self.config.timeout, Step::Fetch, mailbox.noop()).await?;
        }
        Ok(listed)
    }

    /// Fetches a run of mails. Nothing is marked as seen.
    async fn fetch(&mut self, mailbox: &mut Mailbox, folder: &str, validity: u32, run: &[Listed]) -> Result<Vec<Fetched>, Fault> {
        if let [one] = run
            && self.suspect.given_up(folder, validity, one.uid)
        {
            return Ok(vec![Fetched { listed: *one, raw: Vec::new() }]);
        }
        let bytes: usize = run.iter().map(|mail| mail.bytes.min(self.config.most_bytes)).sum();
        let large = run.iter().any(|mail| mail.bytes > self.config.most_bytes);
        let what = if large { format!("(UID BODY.PEEK[]<0.{LARGE_TAKEN_BYTES}>)") } else { "(UID BODY.PEEK[])".to_owned() };
        let limit = self.config.timeout + Duration::from_secs((bytes / SLOWEST_BYTES_PER_SECOND) as u64);
        let fetching = async {
            let mut mails = mailbox.uid_fetch(set(run), what).await?;
            let mut found: Vec<Fetched> = Vec::with_capacity(run.len());
            while let Some(mail) = mails.try_next().await? {
                let listed = run.iter().find(|listed| mail.uid == Some(listed.uid));
                if let (Some(listed), Some(raw)) = (listed, mail.body()) {
                    found.push(Fetched { listed: *listed, raw: raw.to_vec() });
                }
            }
            Ok(found)
        };
        match timed(limit, Step::Fetch, fetching).await {
            Ok(mut found) => {
                found.sort_by_key(|mail| mail.listed.uid);
                found.dedup_by_key(|mail| mail.listed.uid);
                Ok(found)
            }
            Err(fault) => {
                self.suspect.broke(folder, validity, run);
                Err(fault)
            }
        }
    }

    /// What a mail is to the intake. It is read beside the runtime: a large one takes a while, and nothing that a mail does may
    /// take the listener with it.
    async fn message_of(&self, folder: &str, validity: u32, mail: Fetched) -> InboundMessage {
        let (own, arrived) = (self.own.clone(), mail.listed.arrived);
        let too_large = mail.raw.len() < mail.listed.bytes && mail.listed.bytes > self.config.most_bytes;
        let (listed, raw) = (mail.listed, Arc::new(mail.raw));
        let shared = raw.clone();
        let reading = tokio::task::spawn_blocking(move || read(&shared, &own, arrived));
        // Should the reader break, the mail is kept all the same, and somebody has to look.
        let read = reading.await.unwrap_or_else(|_| unreadable(&raw, arrived));
        let raw = Arc::try_unwrap(raw).unwrap_or_else(|shared| shared.to_vec());
        let mut message = message(self.config, read, raw);
        if message.media.is_empty() {
            message.provider_id = ProviderId(format!("unfetched:{folder}:{validity}:{}", listed.uid));
            message.words = Words::new(format!(
                "[A mail came that the mail server does not hand out. Look at it with a mail program: folder {}, or {folder}.]",
                self.config.processed
            ));
        } else if too_large {
            message.words = Words::new(format!(
                "{}\n\n[This mail was too large to be taken whole ({} MB). What is missing is in the mailbox, folder {}.]",
                message.words.reveal(),
                listed.bytes / (1024 * 1024),
                self.config.processed
            ));
        }
        message
    }

    /// Moves what a former run had taken and could not move any more.
    async fn tidy(&mut self, mailbox: &mut Mailbox, last: u32) {
        let found = timed(self.config.timeout, Step::Search, mailbox.uid_search(format!("UID 1:{last} NOT DELETED"))).await;
        let mut uids: Vec<u32> = found.unwrap_or_default().into_iter().filter(|uid| *uid <= last).collect();
        uids.sort_unstable();
        for uids in uids.chunks(MOST_ASKED) {
            self.away(mailbox, &uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")).await;
        }
    }

    /// Moves mails to the processed folder. That they are taken does not hang on it, so a failure is only told.
    async fn away(&mut self, mailbox: &mut Mailbox, uids: &str) {
        let mut moved = self.move_to_processed(mailbox, uids).await;
        if matches!(moved, Err(Fault::Refused(_))) {
            let _ = timed(self.config.timeout, Step::Move, mailbox.create(&self.config.processed)).await;
            moved = self.move_to_processed(mailbox, uids).await;
        }
        if let Err(fault) = moved {
            tracing::warn!(account = %self.config.account, %fault, "mails were taken in but not moved to the processed folder");
        }
    }

    async fn move_to_processed(&mut self, mailbox: &mut Mailbox, uids: &str) -> Result<(), Fault> {
        let (limit, folder) = (self.config.timeout, &self.config.processed);
        if self.can_move == Moving::Move {
            return timed(limit, Step::Move, mailbox.uid_mv(uids, folder)).await;
        }
        timed(limit, Step::Move, mailbox.uid_copy(uids, folder)).await?;
        let marking = async { mailbox.uid_store(uids, "+FLAGS.SILENT (\\Deleted)").await?.try_collect::<Vec<_>>().await.map(drop) };
        timed(limit, Step::Move, marking).await?;
        if self.can_move == Moving::Expunge {
            let expunging = async { mailbox.uid_expunge(uids).await?.try_collect::<Vec<_>>().await.map(drop) };
            timed(limit, Step::Move, expunging).await?;
        }
        Ok(())
    }
}

impl Suspect {
    fn is_in(&self, folder: &str, validity: u32) -> bool {
        self.times > 0 && self.folder == folder && self.validity == validity
    }
    fn given_up(&self, folder: &str, validity: u32, uid: u32) -> bool {
        self.is_in(folder, validity) && self.uid == uid && self.times >= MOST_FETCHES
    }
    /// Notes that fetching these broke. A run of several is fetched one by one the next time.
    fn broke(&mut self, folder: &str, validity: u32, run: &[Listed]) {
        let uid = if let [one] = run { one.uid } else { 0 };
        let again = self.is_in(folder, validity) && self.uid == uid;
        *self = Self { folder: folder.to_owned(), validity, uid, times: if again { self.times.saturating_add(1) } else { 1 } };
    }
}

/// Mails that are fetched together, in order: as many small ones as fit, a large one alone, all alone where one is suspected.
fn runs(listed: &[Listed], alone: bool) -> Vec<&[Listed]> {
    let mut runs = Vec::new();
    let mut from = 0;
    while from < listed.len() {
        let mut sum = listed[from].bytes;
        let mut to = from + 1;
        while !alone && to < listed.len() && sum + listed[to].bytes <= MOST_FETCHED_BYTES {
            sum += listed[to].bytes;
            to += 1;
        }
        runs.push(&listed[from..to]);
        from = to;
    }
    runs
}

fn set(run: &[Listed]) -> String {
    run.iter().map(|mail| mail.uid.to_string()).collect::<Vec<_>>().join(",")
}

/// A mail as the gateway takes it in.
pub(super) fn message(config: &MailboxConfig, read: ReadMail, raw: Vec<u8>) -> InboundMessage {
    let joins = read.joins();
    let files = read.attachments.into_iter().map(|file| MediaRef {
        body: MediaBody::Here(file.bytes),
        content_type: file.content_type,
        role: MediaRole::Shown,
    });
    let original = MediaRef { body: MediaBody::Here(raw), content_type: "message/rfc822".to_owned(), role: MediaRole::Raw };
    let whole = matches!(&original.body, MediaBody::Here(raw) if !raw.is_empty());
    InboundMessage {
        from: read.from,
        to: Address::new(config.address.clone()),
        sent_at: read.sent_at,
        joins,
        nature: read.nature,
        fate: read.fate,
        // What an answer refers to: a program's mail is not answered, and must not be what an answer to the reporter refers to.
        source: read.message_id.filter(|_| read.nature == Nature::Person),
        media: files.chain(whole.then_some(original)).collect(),
        media_dropped: read.dropped,
        ..InboundMessage::plain(config.account.clone(), ProviderId(read.once), Channel::Mail, knows(), read.words)
    }
}
