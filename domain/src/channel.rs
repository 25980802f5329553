//! The ways in (R2, R46) and the ways out (R14).

use serde::{Deserialize, Serialize};

/// The way by which a reporter speaks with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// SMS or MMS.
    Text,
    /// WhatsApp, by address prefix on the text adapter.
    Whatsapp,
    /// Messenger, by address prefix on the text adapter.
    Messenger,
    /// A phone call.
    Voice,
    /// E-mail.
    Mail,
    /// The app's chat.
    Chat,
    /// The web form.
    Web,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Channel; 7] =
        [Channel::Text, Channel::Whatsapp, Channel::Messenger, Channel::Voice, Channel::Mail, Channel::Chat, Channel::Web];
    /// The word used in SQL, JSON and URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Channel::Text => "text",
            Channel::Whatsapp => "whatsapp",
            Channel::Messenger => "messenger",
            Channel::Voice => "voice",
            Channel::Mail => "mail",
            Channel::Chat => "chat",
            Channel::Web => "web",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

/// The way by which an enduser, or a reporter's reply, is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// A phone call.
    Call,
    /// An e-mail.
    Mail,
    /// A text message.
    Text,
}

impl Means {
    /// Every means.
    pub const ALL: [Means; 3] = [Means::Call, Means::Mail, Means::Text];
    /// The word used in SQL, JSON, URLs and lane keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Means::Call => "call",
            Means::Mail => "mail",
            Means::Text => "text",
        }
    }
    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|means| means.as_str() == word)
    }
}
