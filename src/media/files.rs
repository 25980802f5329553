//! Sealed files: the originals of pictures, recordings and mails, and the copies for people, each under its tip's key.
//!
//! A file is durable before the row that names it is committed; one that no row names is swept later. Its name is the attachment's id, its
//! content says nothing without the tip's key, and goes with it. On several nodes the folder must be shared.

use super::durable;
use crate::vault::sealed::Sealed;
use crate::vault::{ConversationKey, Vault};
use domain::id::AttachmentId;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::fs;

/// Which file of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// As it came.
    Original,
    /// Decoded and encoded again, without metadata.
    Copy,
}

impl File {
    const fn ending(self) -> &'static str {
        match self {
            File::Original => "original",
            File::Copy => "copy",
        }
    }
}

/// Where a file lies below the folder.
pub(crate) fn place(id: AttachmentId, file: File) -> String {
    let name = id.to_string();
    // Ids begin with the time, so their ends are what spreads evenly.
    format!("{}/{name}.{}", &name[name.len() - 2..], file.ending())
}

/// A file that lies in the folder.
#[derive(Debug, Clone)]
pub struct Found {
    path: PathBuf,
    /// Whose file it is; `None` for one whose writing was cut off.
    pub of: Option<(AttachmentId, File)>,
    /// When it was last written.
    pub changed: std::time::SystemTime,
}

/// The folder of sealed files.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
    vault: Arc<Vault>,
}

impl Files {
    /// The files below `folder`; it is made when the first one is written.
    pub fn new(folder: PathBuf, vault: Arc<Vault>) -> Self {
        Self { folder, vault }
    }

    /// The folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    fn path(&self, id: AttachmentId, file: File) -> PathBuf {
        self.folder.join(place(id, file))
    }

    /// Seals and writes a file; durable when this returns. Writing it again replaces it whole.
    pub async fn put(&self, id: AttachmentId, file: File, key: &ConversationKey, bytes: &[u8]) -> io::Result<()> {
        let sealed = self.vault.seal_bytes(key, id.uuid().as_bytes(), bytes);
        let path = self.path(id, file);
        let folder = path.parent().unwrap_or(&self.folder).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        durable::write(folder, name, sealed.0).await
    }

    /// Opens a file; `None` when it is not there.
    pub async fn get(&self, id: AttachmentId, file: File, key: &ConversationKey) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(id, file)).await {
            Ok(bytes) => {
                let opened = self.vault.open_bytes(key, id.uuid().as_bytes(), &Sealed(bytes));
                opened.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a file is there.
    pub async fn is_there(&self, id: AttachmentId, file: File) -> io::Result<bool> {
        fs::try_exists(self.path(id, file)).await
    }

    /// The folders that files lie in; none before the first file.
    pub async fn folders(&self) -> io::Result<Vec<PathBuf>> {
        let mut all = match fs::read_dir(&self.folder).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut folders = Vec::new();
        while let Some(entry) = all.next_entry().await? {
            if entry.file_type().await?.is_dir() {
                folders.push(entry.path());
            }
        }
        Ok(folders)
    }

    /// What lies in one of the folders: our files and their unfinished halves; anything else is somebody's and not named.
    pub async fn found(&self, folder: &std::path::Path) -> io::Result<Vec<Found>> {
        let mut all = fs::read_dir(folder).await?;
        let mut found = Vec::new();
        while let Some(entry) = all.next_entry().await? {
            let name = entry.file_name();
            let Some((id, ending)) = name.to_str().and_then(|name| name.split_once('.')) else { continue };
            let Ok(id) = id.parse::<AttachmentId>() else { continue };
            let of = match ending {
                "original" => Some((id, File::Original)),
                "copy" => Some((id, File::Copy)),
                _ if ending.ends_with(".half") => None,
                _ => continue,
            };
            // Gone meanwhile: finished, or removed by another node.
            let Ok(metadata) = entry.metadata().await else { continue };
            found.push(Found { path: entry.path(), of, changed: metadata.modified()? });
        }
        Ok(found)
    }

    /// Removes what was found.
    pub async fn remove_found(&self, found: &Found) -> io::Result<()> {
        gone(fs::remove_file(&found.path).await)
    }

    /// Removes a file; one that is not there is fine.
    pub async fn remove(&self, id: AttachmentId, file: File) -> io::Result<()> {
        gone(fs::remove_file(self.path(id, file)).await)
    }
}

/// What is not there any more counts as removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::vault::keys::MasterKey;
    use domain::id::ConversationId;
    use uuid::Uuid;

    #[tokio::test]
    async fn what_is_kept_is_sealed_and_comes_back() {
        let vault = Arc::new(Vault::new(&MasterKey::from_bytes([1; 32]), Entropy));
        let folder = std::env::temp_dir().join(format!("tipline-files-{}", Entropy.uuid().simple()));
        let files = Files::new(folder.clone(), vault.clone());
        let (key, _) = vault.new_key(ConversationId::new(Uuid::from_u128(7)));
        let id = AttachmentId::new(Uuid::from_u128(9));
        assert!(files.get(id, File::Original, &key).await.unwrap().is_none());
        files.put(id, File::Original, &key, b"the picture").await.unwrap();
        files.put(id, File::Original, &key, b"the picture again").await.unwrap();
        assert_eq!(files.get(id, File::Original, &key).await.unwrap().unwrap(), b"the picture again");
        let on_disk = std::fs::read(files.path(id, File::Original)).unwrap();
        assert!(!on_disk.windows(7).any(|window| window == b"picture"));
        let (other, _) = vault.new_key(ConversationId::new(Uuid::from_u128(8)));
        assert!(files.get(id, File::Original, &other).await.is_err(), "another tip's key");
        files.remove(id, File::Original).await.unwrap();
        files.remove(id, File::Original).await.unwrap();
        assert!(files.get(id, File::Original, &key).await.unwrap().is_none());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
