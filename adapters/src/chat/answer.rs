//! What a client is told: one JSON object a text frame.
//!
//! The reporter never sees a name of staff: an analyst is `us`, the program `auto`.

use domain::conversation::code::ReturnCode;
use domain::sealed::Words;
use jiff::Timestamp;
use serde_json::{Value, json};

/// One frame to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// Come in. Comes again with a new token while the connection lasts.
    Welcome {
        /// What to come back with. Not to be kept longer than the page.
        token: String,
        /// The number of the last message there is.
        seq: i64,
        /// Until when the token is good.
        expires: Timestamp,
    },
    /// One message of the conversation.
    Message {
        /// Its number: they come in order, each once.
        seq: i64,
        /// Who wrote it.
        by: By,
        /// The words.
        text: Words,
        /// When.
        at: Timestamp,
        /// Its pictures and files.
        files: Vec<FileKind>,
        /// The client's own id, when it was said in a chat.
        id: Option<String>,
    },
    /// What was said is durable.
    Ack {
        /// The client's own id of it.
        id: String,
        /// Its number; `None` while it waits in the spool: the number comes with the `message`.
        seq: Option<i64>,
    },
    /// The code to come back with.
    Code(ReturnCode),
    /// A person has read everything up to this number.
    Seen {
        /// The number.
        seq: i64,
    },
    /// An analyst is typing.
    Typing,
    /// Something was not understood or not done.
    Error {
        /// What, for the program.
        trouble: Trouble,
        /// What, for the person.
        text: &'static str,
        /// The client's own id of the message that it is about.
        id: Option<String>,
    },
    /// Come again after so long: this node is going away.
    Again {
        /// In milliseconds.
        after_ms: u64,
    },
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The reporter.
    You,
    /// An analyst, whoever it is.
    Us,
    /// The program.
    Auto,
}

impl By {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            By::You => "you",
            By::Us => "us",
            By::Auto => "auto",
        }
    }
}

/// What a file of a message is, as far as its bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileKind {
    /// Such as `image/jpeg`.
    pub kind: String,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The frame was not understood.
    BadFrame,
    /// A frame of a type that is not known here.
    UnknownType,
    /// A version of the protocol that is not spoken here.
    Version,
    /// Something came before `hello`.
    HelloFirst,
    /// The token is not ours or too old: come in with the code, or anew.
    UnknownToken,
    /// No conversation has this code.
    UnknownCode,
    /// Many wrong codes are being tried: come again in a minute.
    ManyCodes,
    /// The text is too long.
    TooLong,
    /// There was nothing in the message.
    Empty,
    /// It could not be kept: say it again.
    Unavailable,
    /// There is no code to be told here.
    NoCode,
}

impl Trouble {
    /// Every trouble.
    pub const ALL: [Trouble; 11] = [
        Trouble::BadFrame,
        Trouble::UnknownType,
        Trouble::Version,
        Trouble::HelloFirst,
        Trouble::UnknownToken,
        Trouble::UnknownCode,
        Trouble::ManyCodes,
        Trouble::TooLong,
        Trouble::Empty,
        Trouble::Unavailable,
        Trouble::NoCode,
    ];
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Trouble::BadFrame => "bad_frame",
            Trouble::UnknownType => "unknown_type",
            Trouble::Version => "version",
            Trouble::HelloFirst => "hello_first",
            Trouble::UnknownToken => "unknown_token",
            Trouble::UnknownCode => "unknown_code",
            Trouble::ManyCodes => "many_codes",
            Trouble::TooLong => "too_long",
            Trouble::Empty => "empty",
            Trouble::Unavailable => "unavailable",
            Trouble::NoCode => "no_code",
        }
    }
}

impl ServerFrame {
    /// The frame as it goes over the wire.
    pub fn encode(&self) -> String {
        let mut frame = match self {
            ServerFrame::Welcome { token, seq, expires } => {
                json!({"type": "welcome", "token": token, "seq": seq, "expires": expires.to_string()})
            }
            ServerFrame::Message { seq, by, text, at, files, id } => {
                let files: Vec<Value> = files.iter().map(|file| json!({"kind": file.kind})).collect();
                json!({"type": "message", "seq": seq, "by": by.as_str(), "text": text.reveal(), "at": at.to_string(), "files": files, "id": id})
            }
            ServerFrame::Ack { id, seq: Some(seq) } => json!({"type": "ack", "id": id, "seq": seq}),
            ServerFrame::Ack { id, seq: None } => json!({"type": "ack", "id": id, "spooled": true}),
            ServerFrame::Code(code) => json!({"type": "code", "code": code.grouped()}),
            ServerFrame::Seen { seq } => json!({"type": "seen", "seq": seq}),
            ServerFrame::Typing => json!({"type": "typing"}),
            ServerFrame::Error { trouble, text, id } => json!({"type": "error", "code": trouble.as_str(), "text": text, "id": id}),
            ServerFrame::Again { after_ms } => json!({"type": "again", "after_ms": after_ms}),
        };
        if let Some(fields) = frame.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        frame.to_string()
    }
}
