//! Pictures that were uploaded and wait for the message that names them: sealed, each for one conversation, swept when nobody names them.
//!
//! They come before there is a tip and so before its key: they are sealed like a letter of the spool, under a place made of conversation
//! and id. On several nodes the folder must be shared, like that of the files.

use super::durable;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::lifecycle::Tasks;
use crate::vault::sealed::Sealed;
use crate::vault::{DoesNotOpen, Vault, hex};
use domain::id::ConversationId;
use jiff::{SignedDuration, Timestamp};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::fs;

/// The largest upload, in bytes: a photo of today's phones has 2 to 8 MiB.
pub const LARGEST_UPLOAD: usize = 10 * 1024 * 1024;
/// An upload that no message named for so long is removed: as long as a chat's token lasts.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// So often it is looked for such.
const SWEPT_EVERY: Duration = Duration::from_secs(15 * 60);
/// All uploads that wait may take so many bytes together; more are refused until some were named or swept.
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// A file counts as at least so many bytes, so that there are at most 65,536 of them.
const LEAST_COUNTED: u64 = 64 * 1024;
/// What somebody calls a file is kept up to so many bytes.
const LONGEST_TYPE: usize = 100;

/// Why an upload was not kept or not read.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The disk refuses.
    #[error("an upload could not be written or read")]
    Disk(#[from] io::Error),
    /// It does not open: damaged, or of another conversation.
    #[error(transparent)]
    Sealed(#[from] DoesNotOpen),
    /// Too many wait already.
    #[error("as many uploads wait as may")]
    Full,
}

/// What was uploaded.
pub struct Upload {
    /// What its sender calls it.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The folder of uploads that wait.
#[derive(Clone)]
pub struct Uploads {
    folder: PathBuf,
    vault: Arc<Vault>,
    clock: Clock,
    entropy: Entropy,
}

impl Uploads {
    /// The uploads below `folder`; it is made when the first one is written.
    pub fn new(folder: PathBuf, vault: Arc<Vault>, clock: Clock, entropy: Entropy) -> Self {
        Self { folder, vault, clock, entropy }
    }

    /// Keeps an upload of this conversation and gives its id: durable when this returns.
    pub async fn put(&self, conversation: ConversationId, content_type: &str, bytes: &[u8]) -> Result<String, UploadError> {
        if self.waiting_bytes().await? > MOST_BYTES {
            return Err(UploadError::Full);
        }
        let id = hex(self.entropy.uuid().as_bytes());
        let content_type: String = content_type.chars().filter(|c| c.is_ascii_graphic()).take(LONGEST_TYPE).collect();
        let mut clear = Vec::with_capacity(content_type.len() + 1 + bytes.len());
        clear.extend_from_slice(content_type.to_ascii_lowercase().as_bytes());
        clear.push(b'\n');
        clear.extend_from_slice(bytes);
        let sealed = self.vault.seal_letter(&place(conversation, &id), &clear);
        drop(clear);
        durable::write(self.folder.clone(), id.clone(), sealed.0).await?;
        Ok(id)
    }

    /// An upload of this conversation; `None` when it is not there.
    pub async fn get(&self, conversation: ConversationId, id: &str) -> Result<Option<Upload>, UploadError> {
        let Some(path) = self.path(id) else { return Ok(None) };
        let sealed = match fs::read(path).await {
            Ok(bytes) => Sealed(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Another conversation's upload does not open: for this one it is not there.
        let Ok(mut clear) = self.vault.open_letter(&place(conversation, id), &sealed) else { return Ok(None) };
        let line = clear.iter().position(|byte| *byte == b'\n').ok_or(DoesNotOpen)?;
        let bytes = clear.split_off(line + 1);
        clear.truncate(line);
        Ok(Some(Upload { content_type: String::from_utf8(clear).map_err(|_| DoesNotOpen)?, bytes }))
    }

    /// Removes an upload that its message has taken over. One that stays is swept later.
    pub async fn remove(&self, conversation: ConversationId, id: &str) {
        if let Ok(Some(_)) = self.get(conversation, id).await
            && let Some(path) = self.path(id)
        {
            let _ = fs::remove_file(path).await;
        }
    }

    /// Removes what nobody named, until told to stop.
    pub fn start_sweeping(&self, tasks: &Tasks) {
        let (uploads, stop) = (self.clone(), tasks.stopping());
        tasks.spawn("uploads", async move {
            let mut pause = tokio::time::interval(SWEPT_EVERY);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = pause.tick() => {}
                }
                if let Err(error) = uploads.sweep().await {
                    tracing::warn!(error = %error, "uploads that nobody named could not be removed");
                }
            }
        });
    }

    /// Removes what has waited too long; how many there were.
    pub async fn sweep(&self) -> io::Result<u32> {
        let oldest = self.clock.now().saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
        let mut removed = 0;
        let mut entries = match fs::read_dir(&self.folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        while let Some(entry) = entries.next_entry().await? {
            let written = entry.metadata().await?.modified()?;
            if Timestamp::try_from(written).is_ok_and(|written| written < oldest) {
                fs::remove_file(entry.path()).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn waiting_bytes(&self) -> io::Result<u64> {
        let Ok(mut entries) = fs::read_dir(&self.folder).await else { return Ok(0) };
        let mut bytes = 0;
        while let Some(entry) = entries.next_entry().await? {
            // A small file takes a place in the folder too: many of them are many bytes here.
            bytes += entry.metadata().await.map_or(0, |about| about.len().max(LEAST_COUNTED));
        }
        Ok(bytes)
    }

    /// Where an upload lies; `None` for what is no id, so that no path leads elsewhere.
    fn path(&self, id: &str) -> Option<PathBuf> {
        let good = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        good.then(|| self.folder.join(id))
    }
}

fn place(conversation: ConversationId, id: &str) -> Vec<u8> {
    [b"upload".as_slice(), conversation.uuid().as_bytes(), id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::keys::MasterKey;
    use uuid::Uuid;

    #[tokio::test]
    async fn an_upload_is_sealed_for_one_conversation_and_swept_when_nobody_names_it() {
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([1; 32]), Entropy));
        let folder = std::env::temp_dir().join(format!("tipline-uploads-{}", Entropy.uuid().simple()));
        let clock = Clock::fixed(Clock::System.now());
        let uploads = Uploads::new(folder.clone(), vault, clock.clone(), Entropy);
        let (mine, other) = (ConversationId::new(Uuid::from_u128(7)), ConversationId::new(Uuid::from_u128(8)));
        assert!(uploads.get(mine, "0123456789abcdef0123456789abcdef").await.unwrap().is_none());
        assert!(uploads.get(mine, "../../../../../../../etc/passwd").await.unwrap().is_none());
        let id = uploads.put(mine, "image/PNG; x\n", b"the picture").await.unwrap();
        let found = uploads.get(mine, &id).await.unwrap().unwrap();
        assert_eq!((found.content_type.as_str(), found.bytes.as_slice()), ("image/png;x", b"the picture".as_slice()));
        assert!(uploads.get(other, &id).await.unwrap().is_none(), "another conversation's");
        uploads.remove(other, &id).await;
        assert!(!std::fs::read(folder.join(&id)).unwrap().windows(7).any(|window| window == b"picture"));
        assert_eq!(uploads.sweep().await.unwrap(), 0);
        clock.step(SignedDuration::from_hours(25));
        assert_eq!(uploads.sweep().await.unwrap(), 1);
        assert!(uploads.get(mine, &id).await.unwrap().is_none());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
