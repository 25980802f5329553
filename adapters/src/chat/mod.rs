//! App chat: the frames of the WebSocket protocol, and the message that a `say` becomes.
//!
//! Only the wire is here: text in, [`ClientFrame`] out, and [`ServerFrame`] back to text. Which socket, which tip and which token it is about
//! is the shell's. Parsing is by allow-list: a field that is not named here is not read, a type that is not named here is an error that
//! is told, and every bound has a name. The protocol is written down in `docs/chat-protocol.md`.

mod answer;
mod frame;
mod said;

#[cfg(test)]
mod tests;

pub use answer::{By, FileKind, ServerFrame, Trouble};
pub use frame::{Bad, ClientFrame, Door, Hello, Say, parse};
pub use said::{account, client_id, message};

/// The version of the protocol that is spoken here.
pub const VERSION: u64 = 1;
/// The longest frame, in bytes: the longest text with every character escaped the usual way, and ten upload ids.
pub const LONGEST_FRAME: usize = 16 * 1024;
/// The longest text of one `say`, in characters: at three bytes each it fits a frame.
pub const LONGEST_TEXT: usize = 4000;
/// The longest client id, in characters.
pub const LONGEST_CLIENT_ID: usize = 64;
/// The longest token that is looked at, in bytes.
pub const LONGEST_TOKEN: usize = 200;
/// The longest code that is looked at, in characters.
pub const LONGEST_CODE: usize = 64;
/// An upload's id: so many hexadecimal digits.
pub const UPLOAD_ID: usize = 32;
/// The most pictures and files of one `say`.
pub const MOST_FILES: usize = domain::exchange::MAX_MEDIA;
