//! What this way in makes known of a reporter, and to whom besides us (R67): the adapter's declaration, from which the first words are made.

use domain::conversation::knows::Knows;

/// Those who carry the mail have the address, and so have we, sealed, to answer to it.
pub const fn knows() -> Knows {
    Knows::MAIL
}

#[cfg(test)]
mod tests {
    use super::super::folder::message;
    use super::super::{MailboxConfig, Own, read};
    use super::*;
    use crate::conformance::way::{Way, same_words};
    use crate::secret::Secret;
    use domain::channel::Channel;
    use domain::exchange::InboundMessage;

    /// A reporter's first mail, without a subject.
    struct Mail;

    impl Way for Mail {
        fn channel(&self) -> Channel {
            Channel::Mail
        }
        fn knows(&self) -> Knows {
            knows()
        }
        fn read(&self, words: &str) -> InboundMessage {
            let head = "From: someone@example.org\r\nTo: tips@example.org\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0";
            let kind = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit";
            let raw = format!("{head}\r\n{kind}\r\n\r\n{}\r\n", words.replace('\n', "\r\n")).into_bytes();
            let config = MailboxConfig::new("mail".parse().unwrap(), "mail.example.org", "tips", Secret::new("x"), "tips@example.org");
            message(&config, read(&raw, &Own::new("tips@example.org", None), None), raw)
        }
    }

    #[test]
    fn the_same_words_make_the_same_record() {
        same_words(&Mail);
    }
}
