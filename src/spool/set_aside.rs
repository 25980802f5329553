//! Letters that cannot be taken: kept sealed in a folder of their own, counted, tried once more at every start.
//!
//! A start comes with a new version of the program, which may be what a letter waited for. Damaged bytes are kept too, but nobody can
//! open them. Nothing here is deleted but what was taken in the end.

use super::{Spool, place};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A sealed letter.
    Letter,
    /// Bytes that are no letter any more.
    Damaged,
}

impl Kind {
    const fn ending(self) -> &'static str {
        match self {
            Kind::Letter => "letter",
            Kind::Damaged => "damaged",
        }
    }
}

/// The folder, within the spool's.
pub(super) fn folder(spool: &Path) -> PathBuf {
    spool.join("poison")
}

/// How many files are there, and their bytes.
pub(super) fn count(spool: &Path) -> io::Result<(u64, u64)> {
    let mut found = (0, 0);
    for entry in fs::read_dir(folder(spool))? {
        let entry = entry?;
        // The half of one that a full disk cut off: what it was to hold is still in its segment.
        if entry.path().extension().is_some_and(|ending| ending == "half") {
            fs::remove_file(entry.path())?;
            continue;
        }
        found = (found.0 + 1, found.1 + entry.metadata()?.len());
    }
    Ok(found)
}

/// Keeps these bytes of a segment, durably. Again changes nothing.
pub(super) fn keep(spool: &Spool, kind: Kind, segment: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let Some(inner) = &spool.inner else { return Ok(()) };
    let folder = folder(&inner.folder);
    let name = format!("{segment:016x}-{offset:016x}.{}", kind.ending());
    let path = folder.join(&name);
    if path.exists() {
        return Ok(());
    }
    let half = folder.join(format!("{name}.half"));
    let written = super::writer::private().write(true).create(true).truncate(true).open(&half).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written {
        let _ = fs::remove_file(&half);
        return Err(error);
    }
    fs::rename(half, path)?;
    File::open(folder)?.sync_all()?;
    inner.ledger.aside(true, bytes.len() as u64);
    metrics::counter!(crate::telemetry::metric::SPOOL_SET_ASIDE_TOTAL).increment(1);
    match kind {
        Kind::Letter => tracing::error!(file = name, "a letter of the spool cannot be taken; it is set aside, sealed: tell the makers"),
        Kind::Damaged => tracing::error!(file = name, "a part of the spool is damaged; it is set aside: look after the disk"),
    }
    Ok(())
}

/// A letter that was set aside.
pub(super) struct Aside {
    path: PathBuf,
    place: [u8; 16],
}

/// The letters that were set aside, oldest first, at most `most`.
pub(super) fn letters(spool: &Path, most: usize) -> io::Result<Vec<Aside>> {
    let mut found: Vec<Aside> = fs::read_dir(folder(spool))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == Kind::Letter.ending()))
        .filter_map(|path| {
            let (segment, offset) = path.file_stem()?.to_str()?.split_once('-')?;
            let place = place(u64::from_str_radix(segment, 16).ok()?, u64::from_str_radix(offset, 16).ok()?);
            Some(Aside { path, place })
        })
        .collect();
    found.sort_by_key(|aside| aside.place);
    found.truncate(most);
    Ok(found)
}

impl Aside {
    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
    /// Its sealed bytes, and the place that they open in.
    pub(super) fn read(&self) -> io::Result<(Vec<u8>, [u8; 16])> {
        Ok((fs::read(&self.path)?, self.place))
    }
    /// It was taken in the end.
    pub(super) fn remove(&self, spool: &Spool) -> io::Result<()> {
        let bytes = fs::metadata(&self.path)?.len();
        fs::remove_file(&self.path)?;
        if let Some(inner) = &spool.inner {
            inner.ledger.aside(false, bytes);
        }
        Ok(())
    }
}
