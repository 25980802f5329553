//! What a client says: one JSON object a text frame, read by allow-list.
//!
//! A field that is missing or of another type is an error that names it; a field that nobody knows is ignored, so that a newer client
//! can speak to an older server. A frame of [`LONGEST_FRAME`] bytes makes at most 300 KiB of JSON values, for a
//! moment.

use super::{LONGEST_CLIENT_ID, LONGEST_CODE, LONGEST_FRAME, LONGEST_TEXT, LONGEST_TOKEN, MOST_FILES, UPLOAD_ID, VERSION};
use domain::language::Language;
use domain::sealed::Words;
use serde_json::{Map, Value};

/// One frame from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// Who comes, and what they have already. The first frame of a connection.
    Hello(Hello),
    /// Words, with or without pictures.
    Say(Say),
    /// Everything up to this number is before the reporter's eyes.
    Seen {
        /// The number.
        seq: i64,
    },
    /// The reporter is typing.
    Typing,
    /// The reporter wants to see the code again.
    Code,
    /// The client leaves.
    Bye,
}

/// The first frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The language to answer in, if it was named and is one of ours.
    pub language: Option<Language>,
    /// How it comes in.
    pub door: Door,
    /// The number of the last message that it has; 0 when it has none.
    pub after: i64,
}

/// How a client comes in.
#[derive(Clone, PartialEq, Eq)]
pub enum Door {
    /// For the first time.
    New,
    /// With the token of an earlier `welcome`.
    Token(String),
    /// With a return code, as typed.
    Code(String),
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Door::New => "New",
            Door::Token(_) => "Token(sealed)",
            Door::Code(_) => "Code(sealed)",
        })
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// The client's own id of it: saying it again with the same id is one message.
    pub id: String,
    /// The words; may be empty when there are files.
    pub text: Words,
    /// Upload ids.
    pub files: Vec<String>,
}

/// Why a frame was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// Longer than a frame may be.
    TooLarge,
    /// Not a JSON object with a text `type`.
    NotJson,
    /// A `type` that is not known here.
    UnknownType,
    /// A field is missing, of another type, or out of bounds; its name.
    Field(&'static str),
    /// A version of the protocol that is not spoken here.
    Version,
    /// The text is longer than [`LONGEST_TEXT`].
    TooLong,
    /// Neither words nor files.
    Empty,
}

/// Reads a frame.
pub fn parse(text: &str) -> Result<ClientFrame, Bad> {
    if text.len() > LONGEST_FRAME {
        return Err(Bad::TooLarge);
    }
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return Err(Bad::NotJson) };
    match fields.get("type").and_then(Value::as_str).ok_or(Bad::NotJson)? {
        "hello" => hello(&fields).map(ClientFrame::Hello),
        "say" => say(&fields).map(ClientFrame::Say),
        "seen" => Ok(ClientFrame::Seen { seq: number(&fields, "seq")?.ok_or(Bad::Field("seq"))? }),
        "typing" => Ok(ClientFrame::Typing),
        "code" => Ok(ClientFrame::Code),
        "bye" => Ok(ClientFrame::Bye),
        _ => Err(Bad::UnknownType),
    }
}

fn hello(fields: &Map<String, Value>) -> Result<Hello, Bad> {
    if fields.get("v").and_then(Value::as_u64) != Some(VERSION) {
        return Err(Bad::Version);
    }
    let token = text(fields, "token", LONGEST_TOKEN)?;
    let code = text(fields, "code", LONGEST_CODE)?;
    let door = match (token, code) {
        (Some(token), _) => Door::Token(token.to_owned()),
        (None, Some(code)) => Door::Code(code.to_owned()),
        (None, None) => Door::New,
    };
    // A language that is not one of ours is no reason to turn anybody away.
    let language = fields.get("language").and_then(Value::as_str).and_then(|tag| Language::parse(tag.get(..2)?));
    Ok(Hello { language, door, after: number(fields, "after")?.unwrap_or(0) })
}

fn say(fields: &Map<String, Value>) -> Result<Say, Bad> {
    let id = text(fields, "id", LONGEST_CLIENT_ID)?.filter(|id| is_client_id(id)).ok_or(Bad::Field("id"))?;
    let words = match fields.get("text") {
        None | Some(Value::Null) => "",
        Some(Value::String(words)) => words,
        Some(_) => return Err(Bad::Field("text")),
    };
    if words.chars().nth(LONGEST_TEXT).is_some() {
        return Err(Bad::TooLong);
    }
    let files = match fields.get("files") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) if list.len() <= MOST_FILES => {
            list.iter().map(upload_id).collect::<Option<_>>().ok_or(Bad::Field("files"))?
        }
        Some(_) => return Err(Bad::Field("files")),
    };
    if words.trim().is_empty() && files.is_empty() {
        return Err(Bad::Empty);
    }
    Ok(Say { id: id.to_owned(), text: Words::new(words.replace('\0', "\u{FFFD}")), files })
}

/// Letters, digits, `-` and `_`: so that an id cannot carry words, and a store's key holds nothing but a key.
pub(super) fn is_client_id(id: &str) -> bool {
    (1..=LONGEST_CLIENT_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn upload_id(value: &Value) -> Option<String> {
    let id = value.as_str()?;
    let good = id.len() == UPLOAD_ID && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    good.then(|| id.to_owned())
}

fn text<'a>(fields: &'a Map<String, Value>, name: &'static str, most: usize) -> Result<Option<&'a str>, Bad> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= most * 4 && text.chars().nth(most).is_none() => Ok(Some(text)),
        Some(_) => Err(Bad::Field(name)),
    }
}

fn number(fields: &Map<String, Value>, name: &'static str) -> Result<Option<i64>, Bad> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().filter(|number| *number >= 0).map(Some).ok_or(Bad::Field(name)),
    }
}
