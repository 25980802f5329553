//! Seeded disorder: kept examples with wounds, the same on every machine, so that a run that fails can be run again.
//!
//! Examples lie in `tests/fuzz/corpus/<target>/`, one a file; an input that ever broke something is added there and tried unchanged first.

use std::path::Path;
use std::time::{Duration, Instant};

/// How long a target runs. `TIPLINE_FUZZ_SECONDS` makes it longer.
const USUAL_SECONDS: u64 = 3;

/// Runs `try_one` over the examples unchanged, then over wounded ones until the time is over; at least `least` of them.
pub fn run(target: &str, words: &[&[u8]], least: usize, mut try_one: impl FnMut(&[u8])) {
    let examples = corpus(target);
    for example in &examples {
        try_one(example);
    }
    let seed = std::env::var("TIPLINE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5afe_2be1_u64);
    let seconds = std::env::var("TIPLINE_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(USUAL_SECONDS);
    let (mut random, until) = (fastrand::Rng::with_seed(seed), Instant::now() + Duration::from_secs(seconds));
    let mut tried = 0_usize;
    while tried < least || Instant::now() < until {
        try_one(&wounded(&mut random, &examples, words));
        tried += 1;
    }
    eprintln!("{target}: {} examples and {tried} wounded ones, seed {seed}", examples.len());
}

/// An example with some wounds: bytes changed, cut out, doubled, put in from `words` or from another example, or the end cut off.
fn wounded(random: &mut fastrand::Rng, examples: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = examples[random.usize(..examples.len())].clone();
    for _ in 0..=random.usize(..5) {
        let at = random.usize(..=bytes.len());
        let end = (at + random.usize(..40)).min(bytes.len());
        match random.u8(..6) {
            0 if at < bytes.len() => bytes[at] = random.u8(..),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                let other = &examples[random.usize(..examples.len())];
                let from = random.usize(..=other.len());
                bytes.splice(at..end, other[from..(from + 40).min(other.len())].to_vec());
            }
            4 => bytes.truncate(at),
            _ => drop(bytes.splice(at..end, words[random.usize(..words.len())].to_vec())),
        }
    }
    bytes
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).collect();
    files.sort_by_key(|file| file.as_ref().unwrap().path());
    let examples: Vec<Vec<u8>> = files.into_iter().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!examples.is_empty(), "{} holds no example", folder.display());
    examples
}
