//! A file that is whole or not there: written beside its place, synced, then named, and its name synced.
//!
//! With the standard library on a thread of its own: an asynchronous file takes bytes before they are written, and tells that there was no
//! room for them only to the next write, so that half a file would pass for a whole one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes these bytes to `folder/name`, making the folder. Durable when this returns; of a failure nothing is left.
pub(super) async fn write(folder: PathBuf, name: String, bytes: Vec<u8>) -> io::Result<()> {
    let written = tokio::task::spawn_blocking(move || write_now(&folder, &name, &bytes)).await;
    written.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
}

fn write_now(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let half = folder.join(format!("{name}.half"));
    let written = File::create(&half).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&half, folder.join(name))) {
        // Half a file on a full disk is room that the next try lacks.
        let _ = fs::remove_file(&half);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}
