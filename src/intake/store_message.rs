//! A message as rows: its words sealed, its files kept or noted to be fetched, each with its work.

use super::message::{Composed, believed};
use super::{Intake, IntakeError};
use crate::media;
use crate::media::files::File;
use crate::outbox::source::Source;
use crate::progress::routes::{MEDIA_TURN, rank};
use crate::store::Write;
use crate::store::rows::*;
use domain::exchange::{InboundMessage, MediaBody, MediaRef, Nature};
use domain::id::{AttachmentId, MessageId};

impl Intake {
    /// Adds the message and its files. Files that came with it are on the disk before the commit.
    pub(super) async fn add_message(&self, letter: &mut Composed, message: &InboundMessage) -> Result<(), IntakeError> {
        let id = self.entropy.message(letter.at);
        let (key, context) = (letter.entry.key.clone(), *id.uuid().as_bytes());
        let row = MessageRow {
            body: self.vault.seal(&key, &context, &words_of(letter, message)),
            sent_at: believed(message.sent_at, letter.at),
            part: message.part.clone(),
            nature: message.nature,
            source: message
                .source
                .as_ref()
                .map(|source| self.vault.seal(&key, &context, &Source::of(source, self.index(message)).written())),
            provider: Some((message.account.clone(), message.provider_id.0.clone())),
            media_dropped: message.media_dropped,
            ..MessageRow::new(id, letter.entry.conversation, Author::Reporter, message.channel, letter.at)
        };
        letter.commit.writes.push(Write::Message(Box::new(row)));
        for medium in &message.media {
            self.add_medium(letter, message, id, medium).await?;
        }
        Ok(())
    }

    async fn add_medium(
        &self,
        letter: &mut Composed,
        message: &InboundMessage,
        of: MessageId,
        medium: &MediaRef,
    ) -> Result<(), IntakeError> {
        let id = AttachmentId::new(self.entropy.ordered(letter.at));
        let key = &letter.entry.key;
        let (url, state) = match &medium.body {
            MediaBody::Waiting(url) => {
                (Some(self.vault.seal(key, id.uuid().as_bytes(), url.reveal())), AttachmentState::Waiting { tried: 0 })
            }
            MediaBody::Here(bytes) => {
                self.files.put(id, File::Original, key, bytes).await.map_err(IntakeError::Files)?;
                let kind = media::kind::of(bytes).to_owned();
                let copy = media::first_copy(medium.role, &kind);
                (None, AttachmentState::Kept { kind, bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX), copy })
            }
        };
        let row = AttachmentRow {
            id,
            message: of,
            conversation: letter.entry.conversation,
            account: message.account.clone(),
            role: medium.role,
            url,
            content_type: plain_type(&medium.content_type),
            state,
            version: 0,
        };
        if row.is_unfinished() {
            letter.commit.writes.push(Write::Work(WorkRow {
                id: WorkId::Attachment(id),
                lane: media::lane(),
                rank: rank(None, MEDIA_TURN, 0),
                due_at: letter.at,
                run_at: letter.at,
            }));
        }
        letter.commit.writes.push(Write::Attachment(Box::new(row)));
        Ok(())
    }
}

/// The words; those of a mail that holds our token, but comes from another address than the reporter's, say so.
fn words_of(letter: &Composed, message: &InboundMessage) -> String {
    let words = message.words.reveal();
    match (letter.entry.answers_stay, message.nature) {
        (Some(_), Nature::Person) => format!("{words}\n\n{FROM_ELSEWHERE}"),
        (Some(_), Nature::Automatic | Nature::Bounce | Nature::ReadReceipt | Nature::Unreadable) | (None, _) => words.to_owned(),
    }
}

/// Under the words of somebody whom our mail to the reporter was sent on to, or who writes from another mailbox.
const FROM_ELSEWHERE: &str =
    "[This mail came in answer to ours, but from another address than the reporter's. Answers go to the reporter's.]";

/// A media type without its parameters, which may hold a name; nothing when it is none.
fn plain_type(named: &str) -> String {
    let kind = named.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte));
    let is_type = kind.split_once('/').is_some_and(|(main, sub)| is_token(main) && is_token(sub));
    if is_type { kind.to_ascii_lowercase() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::plain_type;

    #[test]
    fn a_type_keeps_no_name() {
        for (named, kept) in [
            ("image/jpeg", "image/jpeg"),
            ("Image/JPEG; name=\"jane-doe.jpg\"", "image/jpeg"),
            ("application/vnd.ms-excel", "application/vnd.ms-excel"),
            ("jane doe", ""),
            ("a/b c", ""),
            ("", ""),
        ] {
            assert_eq!(plain_type(named), kept);
        }
    }
}
