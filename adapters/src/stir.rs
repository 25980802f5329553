//! Seeded disorder for tests: numbers, and mutations of kept examples. The same on every machine, so a failing run can be run again.
//!
//! Examples lie in `tests/corpus/<target>/`, one a file; an input that ever broke something is added there and tried unchanged first.

use std::path::Path;

/// A xorshift generator: enough to stir bytes.
pub(crate) struct Stir(u64);

impl Stir {
    /// From a seed that is not 0.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `below`.
    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.next(of.len())]
    }

    /// An example with up to four wounds: bytes changed, cut out, doubled, put in from `words`, or taken from another example.
    pub(crate) fn mutated(&mut self, corpus: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = self.pick(corpus).clone();
        for _ in 0..self.next(5) {
            let at = self.next(bytes.len() + 1);
            let end = (at + self.next(40)).min(bytes.len());
            match self.next(6) {
                0 if at < bytes.len() => bytes[at] = u8::try_from(self.next(256)).unwrap(),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                3 => {
                    let other = self.pick(corpus);
                    let from = self.next(other.len() + 1);
                    bytes.splice(at..end, other[from..(from + 40).min(other.len())].to_vec());
                }
                4 => bytes.truncate(at),
                _ => drop(bytes.splice(at..end, self.pick(words).to_vec())),
            }
        }
        bytes
    }
}

/// The kept examples of a target, in the order of their names.
pub(crate) fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).collect();
    files.sort_by_key(|file| file.as_ref().unwrap().path());
    let examples: Vec<Vec<u8>> = files.into_iter().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!examples.is_empty(), "{} holds no example", folder.display());
    examples
}
