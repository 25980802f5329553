//! `tipline keygen`: the only place where a master key is made.
//!
//! It never writes over a file: a key that is lost takes everything with it that it sealed.

use super::note;
use crate::deployment::refusal;
use crate::entropy::Entropy;
use crate::vault::keys::MasterKey;
use anyhow::Context;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// Make a master key in a new file that only its owner can read.
#[derive(Debug, clap::Args)]
pub(super) struct Keygen {
    /// The file to make; it must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Makes the key.
pub(super) fn run(keygen: &Keygen) -> anyhow::Result<()> {
    let path = keygen.out.display();
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&keygen.out);
    let mut file = opened.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            refusal(format!("{path} exists and is not written over, for it may be the key of a database: name another file"))
        }
        kind => refusal(format!("{path} cannot be made ({kind}): name a file in a folder that you can write to")),
    })?;
    let key = MasterKey::draw(Entropy).to_base64();
    file.write_all(format!("{}\n", *key).as_bytes()).and_then(|()| file.sync_all()).with_context(|| format!("write {path}"))?;
    note(&format!("{path} holds a new master key. Keep a copy of it elsewhere: without it nothing that is sealed can be opened again."));
    Ok(())
}
