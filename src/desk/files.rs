//! A reporter's picture, recording or file, for one answer: the copy that is safe to show, or the original, which is recorded.
//!
//! The copy belongs to reading the tip, which is recorded as such. The original holds whatever its device wrote into it, perhaps the place
//! where the reporter was, so taking it is an act of its own: the record has it before a byte leaves (R57, R73).

use super::view::Staff;
use super::{Desk, DeskError};
use crate::audit::Action;
use crate::media::files::File;
use crate::media::kind;
use crate::store::Commit;
use crate::store::rows::{AttachmentRow, AttachmentState, SafeCopy};
use domain::exchange::MediaRole;
use domain::id::{AttachmentId, ConversationId};

/// A file, opened.
pub struct OpenFile {
    /// Of a copy: what our own encoder made of it. Of an original: `application/octet-stream`, for nothing may run it.
    pub kind: &'static str,
    /// A name that says nothing: `picture-3f9a.jpg`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenFile({}, {} bytes)", self.kind, self.bytes.len())
    }
}

const NOT_HERE: DeskError = DeskError::NoFile("There is no such file in this tip.");
const NO_COPY: DeskError = DeskError::NoFile("There is no copy of this file that can be shown. The conversation says why.");
const NO_ORIGINAL: DeskError = DeskError::NoFile("This file is not here yet, or was lost. The conversation says which.");
const RAW: DeskError =
    DeskError::NoFile("The mail as it came is kept sealed and is opened by nobody. Its words and files are in the conversation.");

impl Desk {
    /// The copy that people are shown. `_who` is somebody who may read tips: every member of staff.
    pub async fn copy(&self, _who: &Staff, tip: ConversationId, id: AttachmentId) -> Result<OpenFile, DeskError> {
        self.shown_copy(tip, id).await
    }

    /// The same, for whoever else may read this tip: the portal says who.
    pub(crate) async fn shown_copy(&self, tip: ConversationId, id: AttachmentId) -> Result<OpenFile, DeskError> {
        let row = self.attachment(tip, id).await?;
        let AttachmentState::Kept { copy: SafeCopy::Ready { kind, .. }, .. } = &row.state else { return Err(NO_COPY) };
        let (kind, what, ending) = match kind.as_str() {
            "image/jpeg" => ("image/jpeg", "picture", "jpg"),
            "image/png" => ("image/png", "picture", "png"),
            "audio/wav" => ("audio/wav", "recording", "wav"),
            _ => return Err(NO_COPY),
        };
        Ok(OpenFile { kind, name: format!("{what}-{}.{ending}", tail(id)), bytes: self.bytes(&row, File::Copy).await? })
    }

    /// The original, as it came. Recorded before it is given.
    pub async fn original(&self, who: &Staff, tip: ConversationId, id: AttachmentId) -> Result<OpenFile, DeskError> {
        let row = self.attachment(tip, id).await?;
        let AttachmentState::Kept { kind, .. } = &row.state else { return Err(NO_ORIGINAL) };
        match row.role {
            MediaRole::Raw => return Err(RAW),
            MediaRole::Shown | MediaRole::Recording => {}
        }
        let name = format!("original-{}.{}", tail(id), ending(kind));
        let bytes = self.bytes(&row, File::Original).await?;
        let entry = self.entry(who, tip, self.clock.now(), Action::OriginalOpened { attachment: id });
        self.commit(Commit { audit: vec![entry], ..Commit::default() }).await?;
        metrics::counter!(crate::telemetry::metric::ORIGINALS_OPENED).increment(1);
        Ok(OpenFile { kind: kind::UNKNOWN, name, bytes })
    }

    async fn attachment(&self, tip: ConversationId, id: AttachmentId) -> Result<AttachmentRow, DeskError> {
        self.store.attachment(id).await?.filter(|row| row.conversation == tip).ok_or(NOT_HERE)
    }

    async fn bytes(&self, row: &AttachmentRow, file: File) -> Result<Vec<u8>, DeskError> {
        let (_, key) = self.opened(row.conversation).await?;
        let read = self.files.get(row.id, file, &key).await.map_err(DeskError::Files)?;
        read.ok_or_else(|| DeskError::Files(std::io::ErrorKind::NotFound.into()))
    }
}

/// The end of an id: tells two files apart and says nothing.
fn tail(id: AttachmentId) -> String {
    let text = id.to_string();
    text[text.len().saturating_sub(4)..].to_owned()
}

/// The ending by which a person's program opens the original; nothing that could be run has one of its own.
fn ending(kind: &str) -> &'static str {
    match kind {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/heif" => "heic",
        "audio/x-wav" => "wav",
        "audio/mpeg" => "mp3",
        "audio/m4a" => "m4a",
        "audio/amr" => "amr",
        "audio/ogg" => "ogg",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "application/pdf" => "pdf",
        _ => "bin",
    }
}
