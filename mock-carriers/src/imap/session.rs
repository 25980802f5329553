//! One IMAP connection from greeting to goodbye: who is logged in, which folder is selected, what the client has
//! been told of it. Sequence numbers are the client's view, brought up to date only between commands, as RFC 3501
//! has it. A folder whose UIDVALIDITY changes under a client ends the connection. Faults strike before a command.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::syntax::{self, Word};
use super::view::{View, news};
use super::wire::Wire;
use super::{alter, fetch, folders, search};
use crate::exchange::{Announcement, Exchange};
use crate::state::fault::{Effect, Kind, Strike, Traffic};

const CAPABILITIES: &str = "IMAP4rev1 IDLE MOVE UIDPLUS LITERAL+ SASL-IR AUTH=PLAIN SPECIAL-USE";

/// Why a command is not done.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot be done.
    No(String),
    /// It is wrong.
    Bad(String),
}

/// `NO [code] text`.
pub fn refuse_no(code: &str, text: &str) -> Refusal {
    Refusal::No(format!("[{code}] {text}"))
}

/// `BAD text`.
pub fn bad(text: &str) -> Refusal {
    Refusal::Bad(text.to_owned())
}

type Outcome = Result<String, Refusal>;

/// Where a connection stands.
#[derive(Debug)]
enum Stage {
    Greeted,
    Open,
    Selected(View),
    Left,
}

struct Session {
    exchange: Arc<Exchange>,
    wire: Wire,
    stage: Stage,
    /// Untagged answers of the command under way.
    out: Vec<u8>,
}

/// Talks with one client until it leaves.
pub async fn hold(exchange: Arc<Exchange>, stream: TcpStream) -> io::Result<()> {
    let mut session = Session { exchange, wire: Wire::new(stream), stage: Stage::Greeted, out: Vec::new() };
    if session.strike("CONNECT").await.is_some_and(|strike| strike.effect == Effect::Refuse) {
        return Ok(());
    }
    session.write(format!("* OK [CAPABILITY {CAPABILITIES}] mock-carriers ready\r\n").as_bytes()).await?;
    while !matches!(session.stage, Stage::Left) {
        let pieces = match session.wire.command().await {
            Ok(Some(pieces)) => pieces,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return session.write(b"* BYE Line or literal too long\r\n").await;
            }
            Err(error) => return Err(error),
        };
        match syntax::parse(&pieces) {
            Ok(words) => session.command(&words).await?,
            Err(sentence) => session.write(format!("* BAD {sentence}\r\n").as_bytes()).await?,
        }
    }
    Ok(())
}

impl Session {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write.write_all(bytes).await
    }

    async fn strike(&mut self, method: &str) -> Option<Strike> {
        let folder = match &self.stage {
            Stage::Selected(view) => view.folder.clone(),
            Stage::Greeted | Stage::Open | Stage::Left => String::new(),
        };
        let traffic = Traffic { kind: Kind::Imap, path: &folder, method, to: &self.exchange.options.mailbox, carrier: None };
        let strike = self.exchange.with(|state| state.faults.strike(traffic))?;
        self.exchange.announce(Announcement::Faults);
        tokio::time::sleep(Duration::from_millis(strike.delay_ms)).await;
        Some(strike)
    }

    async fn command(&mut self, words: &[Word]) -> io::Result<()> {
        let mut texts = words.iter().map(|word| word.text().unwrap_or_default());
        let (Some(tag), Some(first)) = (texts.next(), texts.next()) else {
            return self.write(b"* BAD A command is a tag and a name\r\n").await;
        };
        let first = first.to_ascii_uppercase();
        let by_uid = first == "UID";
        let name = if by_uid { texts.next().unwrap_or_default().to_ascii_uppercase() } else { first };
        let arguments = words.get(if by_uid { 3 } else { 2 }..).unwrap_or_default();
        let effect = self.strike(&name).await.map(|strike| strike.effect);
        let cut = || Err(io::Error::from(io::ErrorKind::ConnectionAborted));
        let outcome = match effect {
            Some(Effect::Temporary) => Err(refuse_no("UNAVAILABLE", "Try again later")),
            Some(Effect::Reject) => Err(refuse_no("CANNOT", "Refused")),
            Some(Effect::Unauthorized) => Err(refuse_no("AUTHENTICATIONFAILED", "Wrong user or password")),
            Some(Effect::Drop) if name != "FETCH" => return cut(),
            _ => self.run(&name, arguments, by_uid, &tag, effect).await?,
        };
        if effect == Some(Effect::DropAfterData) {
            return cut();
        }
        let may_expunge = by_uid || !matches!(name.as_str(), "FETCH" | "STORE" | "SEARCH");
        if outcome.is_ok() && !self.bring_up_to_date(may_expunge) {
            return self.bye().await;
        }
        let last = match outcome {
            Ok(text) => format!("{tag} OK {text}\r\n"),
            Err(Refusal::No(text)) => format!("{tag} NO {text}\r\n"),
            Err(Refusal::Bad(text)) => format!("{tag} BAD {text}\r\n"),
        };
        self.out.extend_from_slice(last.as_bytes());
        let out = std::mem::take(&mut self.out);
        self.write(&out).await
    }

    async fn bye(&mut self) -> io::Result<()> {
        self.stage = Stage::Left;
        self.write(b"* BYE The folder was rebuilt: its UIDVALIDITY changed\r\n").await
    }

    /// Adds what the client does not know yet to the answer; false when its folder is another one now.
    fn bring_up_to_date(&mut self, may_expunge: bool) -> bool {
        let Stage::Selected(view) = &mut self.stage else { return true };
        match news(&self.exchange, view, may_expunge) {
            Some(text) => {
                self.out.extend_from_slice(text.as_bytes());
                true
            }
            None => false,
        }
    }

    async fn run(&mut self, name: &str, arguments: &[Word], by_uid: bool, tag: &str, effect: Option<Effect>) -> io::Result<Outcome> {
        if by_uid && !matches!(name, "FETCH" | "SEARCH" | "STORE" | "COPY" | "MOVE" | "EXPUNGE") {
            return Ok(Err(bad("UID goes with FETCH, SEARCH, STORE, COPY, MOVE and EXPUNGE")));
        }
        match (name, &self.stage) {
            ("CAPABILITY", _) => {
                self.out.extend_from_slice(format!("* CAPABILITY {CAPABILITIES}\r\n").as_bytes());
                Ok(Ok("Those are they".to_owned()))
            }
            ("NOOP", _) => Ok(Ok("Nothing done".to_owned())),
            ("LOGOUT", _) => {
                self.out.extend_from_slice(b"* BYE Goodbye\r\n");
                self.stage = Stage::Left;
                Ok(Ok("Gone".to_owned()))
            }
            ("LOGIN", Stage::Greeted) => Ok(self.login(text(arguments, 0), text(arguments, 1))),
            ("AUTHENTICATE", Stage::Greeted) => self.authenticate(arguments).await,
            (_, Stage::Greeted) => Ok(Err(bad("Log in first"))),
            ("FETCH", Stage::Selected(_)) => self.fetch(arguments, by_uid, effect).await,
            ("IDLE", _) => self.idle(tag).await,
            _ => Ok(self.folder_command(name, arguments, by_uid)),
        }
    }

    fn login(&mut self, user: Option<String>, password: Option<String>) -> Outcome {
        let options = &self.exchange.options;
        let right = user.is_some_and(|user| user.eq_ignore_ascii_case(&options.mailbox))
            && password.as_deref() == Some(options.mailbox_password.as_str());
        if !right {
            return Err(refuse_no("AUTHENTICATIONFAILED", "Wrong user or password"));
        }
        self.stage = Stage::Open;
        Ok(format!("[CAPABILITY {CAPABILITIES}] Logged in"))
    }

    /// PLAIN (RFC 4616), with the answer in the command or asked for.
    async fn authenticate(&mut self, arguments: &[Word]) -> io::Result<Outcome> {
        if !text(arguments, 0).is_some_and(|name| name.eq_ignore_ascii_case("PLAIN")) {
            return Ok(Err(refuse_no("CANNOT", "Only PLAIN is known")));
        }
        let given = match text(arguments, 1) {
            Some(given) => given,
            None => {
                self.write(b"+ \r\n").await?;
                let line = self.wire.lines.next().await?.unwrap_or_default();
                String::from_utf8_lossy(&line).into_owned()
            }
        };
        let decoded = STANDARD.decode(given.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(decoded) = decoded else { return Ok(Err(bad("The answer is not base64"))) };
        let mut parts = decoded.split('\0').skip(1).map(str::to_owned);
        Ok(self.login(parts.next(), parts.next()))
    }

    /// The commands that neither wait nor send more than a little.
    fn folder_command(&mut self, name: &str, arguments: &[Word], by_uid: bool) -> Outcome {
        let exchange = Arc::clone(&self.exchange);
        let wanted = || text(arguments, 0).ok_or_else(|| bad("The folder's name is missing"));
        match name {
            "LIST" | "LSUB" => {
                let (reference, pattern) = (text(arguments, 0).unwrap_or_default(), text(arguments, 1).unwrap_or_default());
                let listed = exchange.with(|state| folders::list(&state.mailbox, &reference, &pattern));
                self.out.extend_from_slice(listed.replace("* LIST", &format!("* {name}")).as_bytes());
                Ok(format!("{name} done"))
            }
            "CREATE" => {
                let folder = wanted()?;
                exchange.with(|state| folders::create(&mut state.mailbox, &folder)).map(|()| "CREATE done".to_owned())
            }
            "SUBSCRIBE" | "UNSUBSCRIBE" => Ok(format!("{name} done")),
            "STATUS" => {
                let folder = wanted()?;
                let items = arguments.get(1).map(Word::all).unwrap_or_default();
                let status = exchange.with(|state| folders::status(&state.mailbox, &folder, items))?;
                self.out.extend_from_slice(status.as_bytes());
                Ok("STATUS done".to_owned())
            }
            "SELECT" | "EXAMINE" => self.select(&wanted()?, name == "EXAMINE"),
            "CHECK" | "UNSELECT" | "CLOSE" | "EXPUNGE" | "SEARCH" | "STORE" | "COPY" | "MOVE" => {
                self.bring_up_to_date(false);
                let Stage::Selected(view) = std::mem::replace(&mut self.stage, Stage::Open) else {
                    return Err(bad("Select a folder first"));
                };
                let outcome = self.message_command(&view, name, arguments, by_uid);
                if !matches!(name, "UNSELECT" | "CLOSE") {
                    self.stage = Stage::Selected(view);
                }
                outcome
            }
            other => Err(Refusal::Bad(format!("{other} is not known here"))),
        }
    }

    fn select(&mut self, name: &str, read_only: bool) -> Outcome {
        self.stage = Stage::Open;
        let found = self.exchange.with(|state| {
            let folder = state.mailbox.name_of(name)?;
            let told = folders::selected(&state.mailbox, &folder)?;
            let kept = state.mailbox.folder(&folder)?;
            let uids = kept.mails().iter().map(|mail| mail.uid).collect();
            Some((told, View { validity: kept.uid_validity, folder, read_only, uids }))
        });
        let (told, view) = found.ok_or_else(|| refuse_no("NONEXISTENT", "There is no such folder"))?;
        self.out.extend_from_slice(told.as_bytes());
        self.stage = Stage::Selected(view);
        Ok(if read_only { "[READ-ONLY] EXAMINE done" } else { "[READ-WRITE] SELECT done" }.to_owned())
    }

    fn message_command(&mut self, view: &View, name: &str, arguments: &[Word], by_uid: bool) -> Outcome {
        let exchange = Arc::clone(&self.exchange);
        let done = || Ok(format!("{name} done"));
        let changes = matches!(name, "EXPUNGE" | "STORE" | "MOVE");
        if changes && view.read_only {
            return Err(refuse_no("READ-ONLY", "The folder was opened with EXAMINE"));
        }
        match name {
            "CLOSE" if !view.read_only => exchange.with(|state| alter::expunge(&mut state.mailbox, &view.folder, None)),
            "EXPUNGE" => {
                let uids =
                    if by_uid { Some(view.chosen(arguments, true)?.into_iter().map(|pair| pair.1).collect::<Vec<_>>()) } else { None };
                exchange.with(|state| alter::expunge(&mut state.mailbox, &view.folder, uids.as_deref()));
            }
            "SEARCH" => {
                let keys = search::parse(arguments).map_err(Refusal::Bad)?;
                let found = exchange.with(|state| view.search(&state.mailbox, &keys, by_uid));
                self.out.extend_from_slice(format!("* SEARCH{found}\r\n").as_bytes());
                return done();
            }
            "STORE" => {
                let chosen = view.chosen(arguments, by_uid)?;
                let item = text(arguments, 1).unwrap_or_default();
                let flags = arguments.get(2).ok_or_else(|| bad("STORE wants flags"))?;
                let answer = exchange.with(|state| alter::store(&mut state.mailbox, &view.folder, &chosen, &item, flags, by_uid))?;
                self.out.extend_from_slice(answer.as_bytes());
            }
            "COPY" | "MOVE" => {
                let uids: Vec<u32> = view.chosen(arguments, by_uid)?.into_iter().map(|pair| pair.1).collect();
                let target = text(arguments, 1).ok_or_else(|| bad("The target's name is missing"))?;
                let code = exchange.with(|state| {
                    let code = alter::copy(&mut state.mailbox, &view.folder, &uids, &target)?;
                    if name == "MOVE" {
                        alter::remove(&mut state.mailbox, &view.folder, &uids);
                    }
                    Ok(code)
                })?;
                exchange.announce(Announcement::Mailbox { folder: target });
                exchange.announce(Announcement::Mailbox { folder: view.folder.clone() });
                if name == "COPY" || code.is_empty() {
                    return Ok(format!("{code}{name} done"));
                }
                self.out.extend_from_slice(format!("* OK {code}Moved\r\n").as_bytes());
                return done();
            }
            _ => return done(),
        }
        exchange.announce(Announcement::Mailbox { folder: view.folder.clone() });
        done()
    }

    /// FETCH, message by message; a fault ends the connection in the middle of the first one or after it.
    async fn fetch(&mut self, arguments: &[Word], by_uid: bool, effect: Option<Effect>) -> io::Result<Outcome> {
        let cut = matches!(effect, Some(Effect::Drop | Effect::CutBetween));
        self.bring_up_to_date(false);
        let Stage::Selected(view) = &self.stage else { return Ok(Err(bad("Select a folder first"))) };
        let chosen = match view.chosen(arguments, by_uid) {
            Ok(chosen) => chosen,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let items = arguments.get(1).ok_or_else(|| "FETCH wants names".to_owned()).and_then(fetch::parse);
        let mut items = match items {
            Ok(items) => items,
            Err(sentence) => return Ok(Err(Refusal::Bad(sentence))),
        };
        if by_uid && !items.contains(&fetch::Item::Uid) {
            items.insert(0, fetch::Item::Uid);
        }
        let marks = !view.read_only && fetch::marks_seen(&items);
        let folder = view.folder.clone();
        let told = std::mem::take(&mut self.out);
        self.write(&told).await?;
        for (number, uid) in chosen {
            let mail = self.exchange.with(|state| {
                let mail = state.mailbox.folder_mut(&folder)?.mail_mut(uid)?;
                if marks {
                    mail.flags.insert("\\Seen".to_owned());
                }
                Some(mail.clone())
            });
            // Another client may have taken it away meanwhile.
            let Some(mail) = mail else { continue };
            let answer = fetch::answer(number, &mail, &items);
            let whole = effect != Some(Effect::Drop);
            self.write(if whole { &answer } else { answer.get(..answer.len() / 2).unwrap_or_default() }).await?;
            if cut {
                break;
            }
        }
        if cut { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(Ok("FETCH done".to_owned())) }
    }

    /// IDLE: tells of what changes until the client says DONE.
    async fn idle(&mut self, tag: &str) -> io::Result<Outcome> {
        let mut changes = self.exchange.listen();
        self.write(b"+ Idling\r\n").await?;
        let Wire { lines, write } = &mut self.wire;
        let mut line = pin!(lines.next());
        loop {
            if let Stage::Selected(view) = &mut self.stage {
                match news(&self.exchange, view, true) {
                    Some(text) => write.write_all(text.as_bytes()).await?,
                    None => {
                        self.stage = Stage::Left;
                        write.write_all(b"* BYE The folder was rebuilt: its UIDVALIDITY changed\r\n").await?;
                        return Err(io::ErrorKind::ConnectionAborted.into());
                    }
                }
            }
            tokio::select! {
                said = &mut line => {
                    let done = said?.is_some_and(|said| said.eq_ignore_ascii_case(b"DONE"));
                    return Ok(if done { Ok("IDLE done".to_owned()) } else { Err(Refusal::Bad(format!("{tag} was ended without DONE"))) });
                }
                // A change that was missed for slowness is seen in the folder all the same.
                _ = changes.recv() => {}
            }
        }
    }
}

/// One argument as text.
pub fn text(arguments: &[Word], at: usize) -> Option<String> {
    arguments.get(at).and_then(Word::text)
}
