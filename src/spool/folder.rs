//! A spool's folder as a backup sees it, beside the process that has it: whose it is, how far it reaches, how far it is drained.
//!
//! Its name lies in it and stays: a run's name would leave a copy of its letters behind with every restart. Whoever copies the folder for
//! another node leaves the name out, as docs/backup.md says.

use super::{SEGMENT_ENDING, open, writer};
use crate::entropy::Entropy;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// The file with the name.
const NAME: &str = "name";

/// A place among the letters: segment and offset.
pub(crate) type Reach = (u64, u64);

/// The name of the spool in this folder, drawn if it has none yet; `None` when there is no such folder.
pub(crate) fn name(folder: &Path) -> io::Result<Option<String>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    if let Some(name) = read(folder)? {
        return Ok(Some(name));
    }
    let drawn = Entropy.uuid().simple().to_string();
    let half = folder.join(format!("{NAME}.{drawn}.half"));
    let written = || {
        let mut file = writer::private().write(true).create_new(true).open(&half)?;
        writeln!(file, "{drawn}")?;
        file.sync_all()?;
        // A link is made whole or not at all, and never over another: whoever comes second takes the name of the first.
        fs::hard_link(&half, folder.join(NAME))
    };
    let linked = written();
    match fs::remove_file(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    File::open(folder)?.sync_all()?;
    read(folder)?.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A name is what was drawn: letters and digits, so that it can be a folder's.
fn read(folder: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(folder.join(NAME)) {
        Ok(text) => {
            let name = text.trim();
            let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
            if plain { Ok(Some(name.to_owned())) } else { Err(io::ErrorKind::InvalidData.into()) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// How far the letters are drained. What was not noted (a full disk) is drained again.
pub(crate) fn drained_to(folder: &Path) -> Reach {
    open::read_cursor(folder).unwrap_or((0, 0))
}

/// Where the letters end that lie in a folder; where they are drained to, when there are none.
pub(crate) fn reaches_to(folder: &Path) -> io::Result<Reach> {
    let mut reach = drained_to(folder);
    for (number, path) in segments(folder)? {
        reach = reach.max((number, fs::metadata(path)?.len()));
    }
    Ok(reach)
}

/// The segments in a folder, by their numbers, in order.
pub(super) fn segments(folder: &Path) -> io::Result<Vec<(u64, std::path::PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == SEGMENT_ENDING)
            && let Some(number) = path.file_stem().and_then(|stem| u64::from_str_radix(stem.to_str()?, 16).ok())
        {
            found.push((number, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_keeps_the_name_that_was_drawn_first() {
        let folder = std::env::temp_dir().join(format!("tipline-named-{}", Entropy.uuid().simple()));
        assert_eq!(name(&folder).unwrap(), None);
        fs::create_dir_all(&folder).unwrap();
        let names: Vec<_> = std::thread::scope(|scope| {
            let drawing: Vec<_> = (0..8).map(|_| scope.spawn(|| name(&folder).unwrap())).collect();
            drawing.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(names.iter().all(|one| one.is_some() && *one == names[0]), "{names:?}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no half is left");
        fs::write(folder.join(NAME), "../elsewhere").unwrap();
        assert!(name(&folder).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn letters_end_where_the_last_segment_does_or_where_they_are_drained_to() {
        let folder = std::env::temp_dir().join(format!("tipline-reach-{}", Entropy.uuid().simple()));
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(reaches_to(&folder).unwrap(), (0, 0));
        open::write_cursor(&folder, 11, 0).unwrap();
        assert_eq!(reaches_to(&folder).unwrap(), (11, 0));
        fs::write(super::super::segment_path(&folder, 12), "some bytes").unwrap();
        assert_eq!((reaches_to(&folder).unwrap(), drained_to(&folder)), ((12, 10), (11, 0)));
        fs::remove_dir_all(folder).unwrap();
    }
}
