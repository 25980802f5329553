//! One connection: frames in, frames out, until one side ends it.
//!
//! One task, one frame at a time: while something is being stored or cannot be sent, nothing more is read from that client, and the
//! network holds it back. Nothing is queued here, for the store is the queue: whoever is too slow is closed with 1013 and goes on from the
//! number it has. A client that answers pings is never cut off for being silent.

use super::words::text_of;
use super::{ChatSite, words};
use crate::chat::{Came, ChatError, Said, Seat};
use crate::intake::IntakeError;
use crate::live::Watching;
use adapters::chat::{Bad, ClientFrame, Door, Hello, Say, ServerFrame, Trouble, parse};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use domain::language::Language;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

/// `hello` has to come within this time.
const HELLO_WITHIN: Duration = Duration::from_secs(20);
/// Pings that may go unanswered before the other side counts as gone.
const PINGS_LOST: u32 = 3;
/// Frames that were not understood before a connection is closed.
const MOST_BAD: u32 = 20;
/// Codes tried on one connection.
const MOST_HELLOS: u32 = 5;
/// A new token is sent so often while a connection lasts: well before the old one ends.
const RENEWED_EVERY: Duration = Duration::from_secs(6 * 3600);
/// When the store could not be read, it is read again after this.
const READ_AGAIN: Duration = Duration::from_secs(2);
/// At a restart clients come back spread over this time, after a first moment.
const BACK_WITHIN_MS: f64 = 4_000.0;
/// The first moment.
const BACK_AFTER_MS: f64 = 250.0;
/// How long the other side may take to answer a close.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client left, or the line is dead: there is nobody to tell.
    Gone,
    /// This node is going away.
    Stopping,
    /// It does not read what it is told.
    Slow,
    /// Too much of what it sent could not be understood, or it never said hello.
    Confused,
    /// It sent more than a frame may hold.
    TooLarge,
}

impl End {
    /// Close code (RFC 6455, 7.4.1, and the registry's 1012 and 1013) and the word for the count.
    const fn code(self) -> (Option<u16>, &'static str) {
        match self {
            End::Gone => (None, "gone"),
            End::Stopping => (Some(1012), "stopping"),
            End::Slow => (Some(1013), "slow"),
            End::Confused => (Some(1008), "confused"),
            End::TooLarge => (Some(1009), "too_large"),
        }
    }
}

/// One connection.
struct Talk {
    site: ChatSite,
    socket: WebSocket,
    language: Language,
    bad: u32,
    heard: Instant,
}

/// A conversation that a connection is in.
struct Inside {
    seat: Seat,
    watching: Watching,
    /// When the store is to be read although nothing was told: after it could not be read.
    read_at: Option<Instant>,
    code_told: bool,
    renew_at: Instant,
}

/// Runs a connection to its end.
pub(super) async fn run(site: ChatSite, socket: WebSocket, place: OwnedSemaphorePermit) {
    metrics::gauge!(crate::telemetry::metric::CHATS).increment(1.0);
    let mut talk = Talk { site, socket, language: Language::default(), bad: 0, heard: Instant::now() };
    let end = match talk.come_in().await {
        Ok(mut inside) => talk.stay(&mut inside).await,
        Err(end) => end,
    };
    Box::pin(talk.close(end)).await;
    metrics::gauge!(crate::telemetry::metric::CHATS).decrement(1.0);
    metrics::counter!(crate::telemetry::metric::CHATS_ENDED, "why" => end.code().1).increment(1);
    drop(place);
}

impl Talk {
    /// Waits for a `hello` that leads somewhere.
    async fn come_in(&mut self) -> Result<Inside, End> {
        let stop = self.site.tasks.stopping();
        let deadline = tokio::time::sleep(HELLO_WITHIN);
        tokio::pin!(deadline);
        let mut tries = 0;
        loop {
            let frame = tokio::select! {
                () = stop.cancelled() => return Err(End::Stopping),
                () = &mut deadline => return Err(End::Confused),
                frame = self.socket.next() => self.heard_frame(frame)?,
            };
            let Some(text) = frame else { continue };
            match parse(&text) {
                Ok(ClientFrame::Hello(hello)) => {
                    tries += 1;
                    if let Some(inside) = Box::pin(self.welcome(hello)).await? {
                        return Ok(inside);
                    }
                    if tries == MOST_HELLOS {
                        return Err(End::Confused);
                    }
                    deadline.as_mut().reset(Instant::now() + HELLO_WITHIN);
                }
                Ok(ClientFrame::Bye) => return Err(End::Gone),
                Ok(ClientFrame::Say(_) | ClientFrame::Seen { .. } | ClientFrame::Typing | ClientFrame::Code) => {
                    self.not_understood(Trouble::HelloFirst, None).await?;
                }
                Err(bad) => self.bad_frame(bad).await?,
            }
        }
    }

    async fn welcome(&mut self, hello: Hello) -> Result<Option<Inside>, End> {
        self.language = hello.language.unwrap_or(self.language);
        let chats = self.site.chats.clone();
        let seat = match chats.join(&hello).await {
            Ok(seat) => seat,
            Err(error) => {
                self.tell_error(&error, None).await?;
                return Ok(None);
            }
        };
        // Watched before it is read: what changes in between is told.
        let watching = chats.watch(&seat);
        let (token, expires) = chats.token(&seat);
        let (now, is_new) = (Instant::now(), hello.door == Door::New);
        let seq = if is_new { 0 } else { chats.last(&seat).await };
        self.send(&ServerFrame::Welcome { token, seq, expires }).await?;
        // Whoever has messages already was told the code, or asks for it; whoever showed it has it.
        let code_told = hello.after > 0 || seat.came() == Came::Returned;
        Ok(Some(Inside { seat, watching, read_at: (!is_new).then_some(now), code_told, renew_at: now + RENEWED_EVERY }))
    }

    /// Talks until the end.
    async fn stay(&mut self, inside: &mut Inside) -> End {
        let stop = self.site.tasks.stopping();
        let mut pings = self.pings();
        loop {
            let read_at = inside.read_at;
            let done = tokio::select! {
                () = stop.cancelled() => Err(End::Stopping),
                _ = pings.tick() => self.ping(inside).await,
                () = inside.watching.changed() => Box::pin(self.show(inside)).await,
                () = at(read_at) => Box::pin(self.show(inside)).await,
                frame = self.socket.next() => match self.heard_frame(frame) {
                    Ok(Some(text)) => Box::pin(self.take(inside, &text)).await,
                    Ok(None) => Ok(()),
                    Err(end) => Err(end),
                },
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    fn pings(&self) -> Interval {
        let every = self.site.limits.ping;
        // Connections that came together are not pinged together.
        let first = every.mul_f64(0.5 + self.site.chats.entropy.jitter() / 2.0);
        let mut pings = interval_at(Instant::now() + first, every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings
    }

    async fn ping(&mut self, inside: &mut Inside) -> Result<(), End> {
        if self.heard.elapsed() > self.site.limits.ping * PINGS_LOST {
            return Err(End::Gone);
        }
        if Instant::now() >= inside.renew_at {
            inside.renew_at = Instant::now() + RENEWED_EVERY;
            let (token, expires) = self.site.chats.token(&inside.seat);
            let seq = inside.seat.shown();
            self.send(&ServerFrame::Welcome { token, seq, expires }).await?;
        }
        self.put(Message::Ping(Default::default())).await
    }

    /// Shows what is new.
    async fn show(&mut self, inside: &mut Inside) -> Result<(), End> {
        let chats = self.site.chats.clone();
        inside.read_at = None;
        loop {
            match chats.next(&mut inside.seat).await {
                Ok(history) => {
                    let any = !history.frames.is_empty();
                    for frame in &history.frames {
                        self.send(frame).await?;
                    }
                    if any && !inside.code_told {
                        self.tell_code(inside).await?;
                    }
                    if !history.more {
                        return Ok(());
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "a chat could not be read; it is read again");
                    inside.read_at = Some(Instant::now() + READ_AGAIN);
                    return Ok(());
                }
            }
        }
    }

    /// Does what a frame asks for.
    async fn take(&mut self, inside: &mut Inside, text: &str) -> Result<(), End> {
        match parse(text) {
            Ok(ClientFrame::Say(say)) => self.say(inside, say).await,
            Ok(ClientFrame::Seen { seq }) => {
                if let Err(error) = self.site.chats.clone().seen(&mut inside.seat, seq).await {
                    tracing::warn!(error = %error, "what was seen in a chat was not noted");
                }
                Ok(())
            }
            Ok(ClientFrame::Code) => match self.site.chats.clone().code(&inside.seat).await {
                Ok(Some(code)) => self.send(&ServerFrame::Code(code)).await,
                Ok(None) => self.not_understood(Trouble::NoCode, None).await,
                Err(error) => self.tell_error(&error, None).await,
            },
            Ok(ClientFrame::Typing) => Ok(()),
            Ok(ClientFrame::Bye) => Err(End::Gone),
            Ok(ClientFrame::Hello(_)) => self.not_understood(Trouble::BadFrame, None).await,
            Err(bad) => self.bad_frame(bad).await,
        }
    }

    async fn say(&mut self, inside: &mut Inside, say: Say) -> Result<(), End> {
        let chats = self.site.chats.clone();
        match chats.say(&inside.seat, &say).await {
            Ok(Said::Stored(seq)) => {
                self.send(&ServerFrame::Ack { id: say.id, seq: Some(seq) }).await?;
                if inside.code_told { Ok(()) } else { self.tell_code(inside).await }
            }
            Ok(Said::Spooled) => self.send(&ServerFrame::Ack { id: say.id, seq: None }).await,
            Err(error) => self.tell_error(&error, Some(say.id)).await,
        }
    }

    /// Tells the code, once, as soon as there is one.
    async fn tell_code(&mut self, inside: &mut Inside) -> Result<(), End> {
        match self.site.chats.code(&inside.seat).await {
            Ok(Some(code)) => {
                inside.code_told = true;
                self.send(&ServerFrame::Code(code)).await
            }
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::warn!(error = %error, "a code could not be read; it is told later");
                Ok(())
            }
        }
    }

    async fn tell_error(&mut self, error: &ChatError, id: Option<String>) -> Result<(), End> {
        let trouble = match error {
            ChatError::UnknownToken => Trouble::UnknownToken,
            ChatError::UnknownCode => Trouble::UnknownCode,
            ChatError::Intake(IntakeError::ManyCodes) => Trouble::ManyCodes,
            ChatError::Intake(_) | ChatError::Store(_) | ChatError::Progress(_) | ChatError::Sealed(_) | ChatError::Upload(_) => {
                tracing::error!(error = %error, source = std::error::Error::source(error).map(tracing::field::display), "a chat could not do what was asked");
                Trouble::Unavailable
            }
        };
        self.send(&ServerFrame::Error { trouble, text: text_of(trouble, self.language), id }).await
    }

    async fn bad_frame(&mut self, bad: Bad) -> Result<(), End> {
        self.not_understood(words::trouble_of(bad), None).await
    }

    async fn not_understood(&mut self, trouble: Trouble, id: Option<String>) -> Result<(), End> {
        self.bad += 1;
        self.send(&ServerFrame::Error { trouble, text: text_of(trouble, self.language), id }).await?;
        if self.bad >= MOST_BAD { Err(End::Confused) } else { Ok(()) }
    }

    /// A text that was heard; nothing for pings and pongs.
    fn heard_frame(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<Option<Utf8Bytes>, End> {
        self.heard = Instant::now();
        match frame {
            Some(Ok(Message::Text(text))) => Ok(Some(text)),
            // What is no text says nothing: read as an empty one, it is told that it was not understood.
            Some(Ok(Message::Binary(_))) => Ok(Some(Utf8Bytes::default())),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
            Some(Err(error)) => Err(if is_too_large(&error) { End::TooLarge } else { End::Gone }),
        }
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        self.put(Message::Text(frame.encode().into())).await
    }

    /// Sends, or finds that the other side does not read.
    async fn put(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.site.limits.slow, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        }
    }

    /// Says why, and waits a moment for the other side's close.
    async fn close(&mut self, end: End) {
        let Some(code) = end.code().0 else { return };
        let last = async {
            if end == End::Stopping {
                let spread = self.site.chats.entropy.jitter() * BACK_WITHIN_MS + BACK_AFTER_MS;
                let again = ServerFrame::Again { after_ms: spread as u64 };
                let _ = self.socket.send(Message::Text(again.encode().into())).await;
            }
            let _ = self.socket.send(Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::default() }))).await;
            while let Some(Ok(_)) = self.socket.next().await {}
            if end == End::TooLarge {
                // What was too large is still unread, so the end of the connection is a reset: the close gets time to arrive before it.
                std::future::pending::<()>().await;
            }
        };
        let _ = timeout(LAST_WORDS, last).await;
    }
}

/// Waits until then; for ever when there is no such time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// axum's error does not say more than its words; tungstenite's begin so for frames and messages above the bound.
fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.to_string().contains("too long"))
}
