//! Proof that the folder of files is the one that all nodes share: it holds a marker with the deployment's id, which the database has too.
//!
//! A node whose folder is another (a mount that failed leaves an empty one) would keep pictures where nobody finds them, and tell the
//! operator of thousands that are missing: it does not start. The first node of a deployment draws the id, and writes the marker first,
//! so that a crash in between leaves nothing that has to be mended.

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::commit::Once;
use crate::store::{Commit, Store, StoreError, Write};
use domain::id::{AccountKey, BadId};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The name under which the database keeps the id.
pub(crate) const DEPLOYMENT: &str = "deployment";
/// The marker's name in the folder.
pub const MARKER: &str = "deployment";

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotShared {
    /// It is another deployment's, or nobody's.
    #[error(
        "the folder {} is not the one in which this deployment keeps its pictures ({found}): mount the shared folder there, or name it in \
         media.folder; to move it, copy everything in it, the file {MARKER} too", .folder.display()
    )]
    Other {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        found: &'static str,
    },
    /// It cannot be read or written.
    #[error("the folder {} cannot be used: let this user read and write there, or name another in media.folder", .folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store.
    #[error("whose pictures are in the folder was not looked up")]
    Store(#[from] StoreError),
    /// Never: the key is written here.
    #[error(transparent)]
    Key(#[from] BadId),
}

/// Makes sure that `folder` is this deployment's.
pub async fn prove(store: &dyn Store, folder: &Path, clock: &Clock, entropy: Entropy) -> Result<(), NotShared> {
    let unusable = |source| NotShared::Unusable { folder: folder.to_owned(), source };
    let other = |found| NotShared::Other { folder: folder.to_owned(), found };
    // Asked before the folder is looked at: a node that starts at the same moment writes the marker first.
    let named = store.meta(DEPLOYMENT).await?;
    let marked = read(folder).map_err(unusable)?;
    if let Some(id) = named {
        return match marked {
            Some(marked) if marked == id => Ok(()),
            Some(_) => Err(other("its marker is another deployment's")),
            None => Err(other("it has no marker")),
        };
    }
    let drawn = match marked {
        Some(marked) => marked,
        None => mark(folder, &entropy.uuid().simple().to_string()).map_err(unusable)?,
    };
    // Of nodes that start at the same moment one names the deployment; the others find out whether their folder is the same.
    let once = Once { account: DEPLOYMENT.parse::<AccountKey>()?, key: MARKER.to_owned(), at: clock.now() };
    store.commit(Commit { once: Some(once), writes: vec![Write::Meta(DEPLOYMENT, drawn.clone())], ..Commit::default() }).await?;
    if store.meta(DEPLOYMENT).await?.as_ref() == Some(&drawn) { Ok(()) } else { Err(other("its marker is another deployment's")) }
}

/// Makes an empty folder this deployment's: for one that was restored, whose folder is new.
pub fn adopt(folder: &Path, id: &str) -> Result<(), NotShared> {
    let there = mark(folder, id).map_err(|source| NotShared::Unusable { folder: folder.to_owned(), source })?;
    if there == id { Ok(()) } else { Err(NotShared::Other { folder: folder.to_owned(), found: "its marker is another deployment's" }) }
}

fn read(folder: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(folder.join(MARKER)) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|id| !id.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the marker, unless somebody else has meanwhile; gives the id that is there.
fn mark(folder: &Path, id: &str) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let half = folder.join(format!("{MARKER}.{id}.half"));
    let mut file = std::fs::File::create(&half)?;
    writeln!(file, "{id}")?;
    file.sync_all()?;
    // A link is made whole or not at all, and never over another.
    let linked = std::fs::hard_link(&half, folder.join(MARKER));
    std::fs::remove_file(&half)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(read(folder)?.unwrap_or_else(|| id.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Options;
    use crate::store::sqlite::Sqlite;
    use std::sync::Arc;

    async fn store(folder: &Path) -> Arc<dyn Store> {
        let tasks = crate::lifecycle::Tasks::default();
        let spawn = move |name: &'static str, task| tasks.spawn(name, task);
        Sqlite::open(&folder.join("test.db"), Options { migrate: true, ..Options::default() }, &spawn).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_folder_of_the_deployment_will_do() {
        let place = std::env::temp_dir().join(format!("tipline-shared-{}", Entropy.uuid().simple()));
        std::fs::create_dir_all(&place).unwrap();
        let (one, other) = (place.join("one"), place.join("other"));
        let (store, clock) = (store(&place).await, Clock::fixed(jiff::Timestamp::from_second(1_800_000_000).unwrap()));
        prove(&*store, &one, &clock, Entropy).await.unwrap();
        prove(&*store, &one, &clock, Entropy).await.unwrap();
        let refused = prove(&*store, &other, &clock, Entropy).await.unwrap_err();
        assert!(refused.to_string().contains("it has no marker"), "{refused}");
        std::fs::create_dir_all(&other).unwrap();
        std::fs::write(other.join(MARKER), "somebody else's\n").unwrap();
        let refused = prove(&*store, &other, &clock, Entropy).await.unwrap_err();
        assert!(refused.to_string().contains("another deployment's") && refused.to_string().contains("media.folder"), "{refused}");
        store.close().await;
        std::fs::remove_dir_all(place).unwrap();
    }

    #[tokio::test]
    async fn of_nodes_that_start_together_those_with_the_same_folder_start() {
        let place = std::env::temp_dir().join(format!("tipline-shared-{}", Entropy.uuid().simple()));
        std::fs::create_dir_all(&place).unwrap();
        let (store, clock) = (store(&place).await, Clock::fixed(jiff::Timestamp::from_second(1_800_000_000).unwrap()));
        let (one, other) = (place.join("one"), place.join("other"));
        let folders = [&one, &one, &other, &one];
        let proved = futures_util::future::join_all(folders.map(|folder| prove(&*store, folder, &clock, Entropy))).await;
        let started: Vec<bool> = proved.iter().map(Result::is_ok).collect();
        assert!(started == [true, true, false, true] || started == [false, false, true, false], "{started:?}");
        store.close().await;
        std::fs::remove_dir_all(place).unwrap();
    }
}
