//! Builds the bytes of a mail: plain text, one recipient, nothing about the tip (R6).
//!
//! The headers say that a program wrote it and that no program should answer (RFC 3834). The Message-ID is ours and the same
//! for every attempt at one obligation, so that a repeat collapses in the reader's mailbox. No User-Agent is sent.

use super::config::Config;
use crate::contract::SendError;
use domain::exchange::{Mail, Outbound};
use lettre::Message;
use lettre::message::SinglePart;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};

/// A header of a fixed name and value.
macro_rules! fixed_header {
    ($(#[$doc:meta])* $type:ident, $name:literal, $value:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        struct $type;
        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }
            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self)
            }
            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.to_owned())
            }
        }
    };
}

fixed_header!(
    /// RFC 3834: a program wrote this, and not as an answer.
    AutoSubmitted, "Auto-Submitted", "auto-generated");
fixed_header!(
    /// The same for the servers that never read RFC 3834.
    AutoResponseSuppress, "X-Auto-Response-Suppress", "All");

/// A mail that is ready to be handed over.
pub(super) struct Ready {
    /// Sender and recipient of the envelope.
    pub(super) from: lettre::Address,
    /// The one recipient.
    pub(super) to: lettre::Address,
    /// With angle brackets.
    pub(super) message_id: String,
    /// Headers and text, lines parted by CR LF.
    pub(super) bytes: Vec<u8>,
}

/// Builds it, or says without naming an address why it cannot be.
pub(super) fn build(config: &Config, outbound: &Outbound, mail: &Mail) -> Result<Ready, SendError> {
    let sender = outbound.from.reveal();
    let sender = if sender.is_empty() { config.from_address.as_str() } else { sender };
    let from: lettre::Address = sender.parse().map_err(|_| misconfigured("the sender's address is not a mail address"))?;
    let to: lettre::Address = outbound.to.reveal().trim().parse().map_err(|_| permanent("the address is not a mail address"))?;
    let id_is_plain =
        !mail.message_id.is_empty() && mail.message_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    if !id_is_plain {
        return Err(permanent("the message id is not made of letters, digits and -_.+"));
    }
    let message_id = format!("<{}@{}>", mail.message_id, from.domain());
    let subject: String = mail.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let message = Message::builder()
        .from(config.mailbox(from.clone()))
        .to(to.clone().into())
        .subject(subject)
        .date_now()
        .message_id(Some(message_id.clone()))
        .header(AutoSubmitted)
        .header(AutoResponseSuppress)
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.text.clone()))
        .map_err(|_| permanent("the mail cannot be built"))?;
    // The hand-over ends the last line itself.
    let mut bytes = message.formatted();
    while bytes.ends_with(b"\r\n") {
        bytes.truncate(bytes.len() - 2);
    }
    Ok(Ready { from, to, message_id, bytes })
}

fn permanent(reason: &str) -> SendError {
    SendError::Permanent { reason: reason.to_owned(), code: None }
}

fn misconfigured(reason: &str) -> SendError {
    SendError::Misconfigured { reason: reason.to_owned(), code: None }
}
