//! `tipline make-copy`: the worker that decodes one picture or recording, started by the gateway and by nobody else.
//!
//! It reads the medium from standard input and writes the answer to standard output (`media::copy`). Before it reads a byte it gives up
//! memory, files and time that it will not need, so that what a decoder can be led to do stays small.

use crate::media::copy;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// The largest medium that is read, whatever the gateway fetches: 256 MiB.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// Address space: the medium, its pixels (256 MiB at most), a progressive JPEG's coefficients, and the program itself.
const MEMORY_BYTES: u64 = 1536 * 1024 * 1024;
/// Time on the processor, should nobody be left to end it.
const CPU_SECONDS: u64 = 60;
/// The three that are open, and none for a file.
const OPEN_FILES: u64 = 8;

pub(super) fn run() -> anyhow::Result<()> {
    give_up();
    let bytes = copy::read_all(&mut io::stdin().lock(), MOST_BYTES)?;
    copy::write(&mut io::stdout().lock(), &copy::make(&bytes))?;
    Ok(())
}

/// A bound that cannot be set is one less; the gateway's own (time, and what it believes) stay.
fn give_up() {
    for (resource, most) in [
        (Resource::As, MEMORY_BYTES),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, OPEN_FILES),
    ] {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}
