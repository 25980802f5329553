//! Sets of message numbers: `1,3:5,9:*`. The star is the largest number there is, and a range may be written
//! either way round, so that `9:*` names the last message even when it is below 9 (RFC 3501, 9).

/// Ranges of one set.
const RANGES: usize = 5_000;

/// A parsed set; none stands for the star.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set(Vec<(Option<u32>, Option<u32>)>);

impl Set {
    /// Parses a set; none when it is no set.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| match text {
            "*" => Some(None),
            digits => digits.parse::<u32>().ok().filter(|number| *number > 0).map(Some),
        };
        let range = |text: &str| {
            let (from, to) = text.split_once(':').unwrap_or((text, text));
            Some((number(from)?, number(to)?))
        };
        let ranges: Option<Vec<_>> = text.split(',').take(RANGES + 1).map(range).collect();
        ranges.filter(|ranges| ranges.len() <= RANGES).map(Self)
    }

    /// True when the set names this number, `largest` being the largest there is.
    pub fn names(&self, number: u32, largest: u32) -> bool {
        self.0.iter().any(|(from, to)| {
            let (from, to) = (from.unwrap_or(largest), to.unwrap_or(largest));
            (from.min(to)..=from.max(to)).contains(&number)
        })
    }
}

/// Numbers as a set, in their own order, for `COPYUID`.
pub fn list(numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::Set;

    #[test]
    fn stars_ranges_and_lists_are_read() {
        let set = Set::parse("1,3:5,9:*").unwrap();
        let named: Vec<u32> = (1..=12).filter(|number| set.names(*number, 12)).collect();
        assert_eq!(named, [1, 3, 4, 5, 9, 10, 11, 12]);
        assert!(Set::parse("9:*").unwrap().names(4, 4), "the star may be below the beginning");
        assert!(Set::parse("5:3").unwrap().names(4, 9));
        for bad in ["", "a", "0", "1:", "1,,2", "-1"] {
            assert_eq!(Set::parse(bad), None, "{bad}");
        }
    }
}
