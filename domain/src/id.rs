//! Every id of the program, in one place.
//!
//! Ids are made by the shell (`Entropy`) and handed in; nothing here draws a random number. Program ids are UUIDs:
//! version 7 where the order of creation may show (messages, attempts), version 4 where a reporter or a carrier sees
//! the id. Directory keys are the short names that the county wrote in its CSV files (`delta-high`).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// What is wrong with a text that should have been an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// Not 32 hexadecimal digits, with or without dashes.
    #[error("not an id: 32 hexadecimal digits are expected")]
    NotAUuid,
    /// A directory key holds something else than lower-case letters, digits and dashes, or is too long or empty.
    #[error("not a directory key: 1 to 64 lower-case letters, digits and dashes are expected, such as delta-high")]
    NotAKey,
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that the shell drew.
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }
            /// The UUID itself.
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", self.0.simple()) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0.simple()) }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::try_parse(text).map(Self).map_err(|_| BadId::NotAUuid)
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> { text.parse() }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String { id.to_string() }
        }
    )*};
}

uuid_id! {
    /// One tip with everything said about it.
    ConversationId,
    /// Stands for a reporter's address outside the adapter call that needs it.
    ContactHandle,
    /// One message, in either direction.
    MessageId,
    /// A picture, recording or file of a message.
    AttachmentId,
    /// One telling of the endusers about a tip.
    DispatchId,
    /// One thing promised to one enduser on one channel before one due time.
    ObligationId,
    /// One try at sending: a call, a mail, a text.
    AttemptId,
    /// One call of a reporter to us.
    CallId,
    /// Something a person has to do because the program cannot.
    TaskId,
    /// A person with a login at the console.
    StaffId,
    /// A one-time code that lets an enduser into the portal.
    LoginCodeId,
}

macro_rules! key {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The key as written in the county's files.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0) }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let good = !text.is_empty() && text.len() <= 64
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if good { Ok(Self(text.to_owned())) } else { Err(BadId::NotAKey) }
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> { text.parse() }
        }
        impl From<$name> for String {
            fn from(key: $name) -> String { key.0 }
        }
    )*};
}

key! {
    /// A school, district, police agency, PSAP, county or hotline.
    OrganizationKey,
    /// A person listed in the directory.
    PersonKey,
    /// A type of tip in the catalogue, such as `suicidal-ideation`.
    TipTypeKey,
    /// A business calendar.
    CalendarKey,
    /// A carrier account in the configuration: it names webhooks (`/webhooks/{account}/…`) and lanes.
    AccountKey,
    /// One sending identity: a phone number's texts, its calls, or a mailbox. `{account}-{text|call|mail}`, e.g. `main-call`.
    LaneKey,
}
