//! The words of a link's test: when it was sent by which lane, with a proof that we wrote it.

use super::{Vault, hex, keyed};
use crate::clock::from_micros;
use domain::id::LaneKey;
use jiff::Timestamp;
use subtle::ConstantTimeEq;

/// How the words begin, for whoever reads them on a bill.
const BEGINNING: &str = "Test of the line ";

impl Vault {
    /// The words of a test that this lane sends at this time.
    pub fn loop_words(&self, lane: &LaneKey, at: Timestamp) -> String {
        let micros = at.as_microsecond();
        let proof = hex(&keyed(&self.tokens, &[b"loop", lane.as_str().as_bytes(), &micros.to_be_bytes()])[..12]);
        format!("{BEGINNING}{micros:x}.{proof}")
    }
    /// When these words were sent by this lane, if we wrote them.
    pub fn read_loop_words(&self, lane: &LaneKey, words: &str) -> Option<Timestamp> {
        let words = words.trim();
        let (micros, _) = words.strip_prefix(BEGINNING)?.split_once('.')?;
        let at = from_micros(i64::from_str_radix(micros, 16).ok()?);
        bool::from(self.loop_words(lane, at).as_bytes().ct_eq(words.as_bytes())).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::vault::keys::MasterKey;

    #[test]
    fn only_our_own_words_of_that_lane_are_known() {
        let vault = Vault::new(&MasterKey::from_bytes([1; 32]), Entropy);
        let (lane, at): (LaneKey, _) = ("main-text".parse().unwrap(), Timestamp::from_second(1_800_000_000).unwrap());
        let words = vault.loop_words(&lane, at);
        assert!(words.len() <= 70, "one segment: {words}");
        assert_eq!(vault.read_loop_words(&lane, &format!("{words} ")), Some(at));
        assert_eq!(vault.read_loop_words(&"backup-text".parse().unwrap(), &words), None);
        let bent = words.replace('.', ".0");
        for bad in ["", "Test of the line ", "Test of the line zz.00", &bent, "Test of the line 8000000000000000000.0"] {
            assert_eq!(vault.read_loop_words(&lane, bad), None, "{bad}");
        }
    }
}
