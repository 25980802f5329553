//! The chain of a tip's record (R29): each entry's hash covers the one before, so an entry that was altered, dropped or put
//! in afterwards shows.
//!
//! The hash covers the texts as they are written in the database, not as they are read: a later version of the program may read an
//! old entry differently and the chain still holds. The tip's row keeps the last number and hash, so a cut tail shows too.

use sha2::{Digest, Sha256};

/// The hash before the first entry.
pub const START: [u8; 32] = [0; 32];

/// The hash of an entry: SHA-256 over the hash before, the number and the time in microseconds (8 bytes each, big-endian), and
/// actor and action as written.
pub fn link(before: &[u8; 32], seq: i64, at_micros: i64, actor_json: &str, action_json: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(seq.to_be_bytes());
    hasher.update(at_micros.to_be_bytes());
    hasher.update(actor_json.as_bytes());
    hasher.update(action_json.as_bytes());
    hasher.finalize().into()
}

/// An entry as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its number.
    pub seq: i64,
    /// Its time in microseconds.
    pub at_micros: i64,
    /// Its actor.
    pub actor_json: String,
    /// Its action.
    pub action_json: String,
    /// Its hash.
    pub hash: [u8; 32],
}

/// The first number at which the record is not what was written, or `None` when it is whole. `last_seq` and `last_hash` are
/// what the tip's row says about its end.
pub fn first_break(entries: &[Written], last_seq: i64, last_hash: &[u8; 32]) -> Option<i64> {
    let mut before = START;
    let mut expected = 1;
    for entry in entries {
        let hash = link(&before, entry.seq, entry.at_micros, &entry.actor_json, &entry.action_json);
        if entry.seq != expected || hash != entry.hash {
            return Some(expected);
        }
        before = hash;
        expected += 1;
    }
    if expected - 1 == last_seq && before == *last_hash { None } else { Some(expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Vec<Written> {
        let mut before = START;
        (1..=4)
            .map(|seq| {
                let (actor_json, action_json) = (r#"{"by":"system"}"#.to_owned(), format!(r#"{{"action":"noted","n":{seq}}}"#));
                let hash = link(&before, seq, seq * 10, &actor_json, &action_json);
                before = hash;
                Written { seq, at_micros: seq * 10, actor_json, action_json, hash }
            })
            .collect()
    }

    #[test]
    fn a_whole_record_has_no_break_and_every_change_shows() {
        let whole = record();
        let end = whole[3].hash;
        assert_eq!(first_break(&whole, 4, &end), None);
        assert_eq!(first_break(&[], 0, &START), None);
        let alter = |change: fn(&mut Vec<Written>)| {
            let mut altered = record();
            change(&mut altered);
            first_break(&altered, 4, &end)
        };
        assert_eq!(alter(|r| r[1].action_json.push(' ')), Some(2));
        assert_eq!(alter(|r| r[1].at_micros += 1), Some(2));
        assert_eq!(
            alter(|r| {
                r.remove(0);
            }),
            Some(1)
        );
        assert_eq!(
            alter(|r| {
                r.swap(1, 2);
            }),
            Some(2)
        );
        assert_eq!(
            alter(|r| {
                r.pop();
            }),
            Some(4),
            "a cut tail"
        );
        assert_eq!(
            alter(|r| {
                let last = r[3].clone();
                r.push(last);
            }),
            Some(5),
            "one too many"
        );
    }
}
