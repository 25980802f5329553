//! Long texts that a carrier delivers in pieces, joined for display (R72).
//!
//! Nothing is joined in the store: every piece is a message of its own there, and what is joined is only what is shown. So a piece that
//! comes late or never changes the picture and not the record. The first piece is shown at once, with `…` for what is missing. Carriers
//! number their long texts with a byte that comes round again: the same number a quarter of an hour later is another text.

use crate::exchange::Part;
use crate::sealed::Words;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// The pieces of one text are not further apart than this, by the carrier's time where it gives one.
pub const SPREAD: SignedDuration = SignedDuration::from_mins(15);

/// What stands for what has not come.
pub const MISSING: &str = "…";

/// Who wrote a message, as far as joining is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The reporter.
    Reporter,
    /// We.
    Line,
}

/// A message as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The carrier's time, or ours where it gives none: what the messages are ordered by.
    pub at: Timestamp,
    /// Who wrote it.
    pub side: Side,
    /// Which piece of a long text it is, if the carrier says so.
    pub part: Option<&'a Part>,
    /// What it says.
    pub words: &'a Words,
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The messages that it is made of, as indexes into what was given, in the order in which they are read; a place whose piece has not come
    /// is `None`. A message that is no piece stands alone.
    pub pieces: Vec<Option<usize>>,
    /// Further deliveries of the same pieces: their words are not shown again.
    pub copies: Vec<usize>,
    /// All of it, with [`MISSING`] once for each gap.
    pub words: Words,
}

impl Shown {
    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        self.pieces.iter().all(Option::is_some)
    }
    /// Every message that it is made of, copies too, in no order that matters.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        self.pieces.iter().flatten().chain(&self.copies).copied()
    }
}

/// Joins what belongs together. `pieces` are in the order of their times (then of their sequence numbers); so is the answer, where a joined
/// text has the place of the piece that stands first there.
pub fn joined(pieces: &[Piece<'_>]) -> Vec<Shown> {
    let mut groups: Vec<Group> = Vec::with_capacity(pieces.len());
    let mut by_whole: HashMap<(Side, &str, u8), Vec<usize>> = HashMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        let Some(part) = piece.part.filter(|part| part.of > 1 && (1..=part.of).contains(&part.number)) else {
            groups.push(Group { since: piece.at, places: vec![Some(index)], copies: Vec::new() });
            continue;
        };
        let place = usize::from(part.number) - 1;
        let known = by_whole.entry((piece.side, part.whole.as_str(), part.of)).or_default();
        let near: Vec<usize> = known.iter().copied().filter(|group| near(groups[*group].since, piece.at)).collect();
        let is_copy = |group: &&usize| groups[**group].places[place].is_some_and(|there| pieces[there].words == piece.words);
        let copied = near.iter().find(is_copy).copied();
        let lacking = near.iter().find(|group| groups[**group].places[place].is_none()).copied();
        match (copied, lacking) {
            (Some(group), _) => groups[group].copies.push(index),
            (None, Some(group)) => groups[group].places[place] = Some(index),
            (None, None) => {
                let mut places = vec![None; usize::from(part.of)];
                places[place] = Some(index);
                known.push(groups.len());
                groups.push(Group { since: piece.at, places, copies: Vec::new() });
            }
        }
    }
    groups.into_iter().map(|group| group.shown(pieces)).collect()
}

fn near(since: Timestamp, at: Timestamp) -> bool {
    at.duration_since(since).abs() <= SPREAD
}

/// A text in the making.
struct Group {
    since: Timestamp,
    places: Vec<Option<usize>>,
    copies: Vec<usize>,
}

impl Group {
    fn shown(self, pieces: &[Piece<'_>]) -> Shown {
        let mut words = String::new();
        let mut in_gap = false;
        for place in &self.places {
            match place {
                Some(index) => words.push_str(pieces[*index].words.reveal()),
                None if !in_gap => words.push_str(MISSING),
                None => {}
            }
            in_gap = place.is_none();
        }
        Shown { pieces: self.places, copies: self.copies, words: Words::new(words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `minute side whole number/of words`, whole `-` for a message that is no piece. In the order in which they came; here put in order of time,
    /// as the store gives them.
    fn check(lines: &[&str], expected: &[&str]) -> Vec<Shown> {
        let mut read: Vec<(Timestamp, Side, Option<Part>, Words)> = lines.iter().map(|line| parsed(line)).collect();
        read.sort_by_key(|(at, ..)| *at);
        let shown = joined_of(&read);
        let words: Vec<&str> = shown.iter().map(|shown| shown.words.reveal()).collect();
        assert_eq!(words, expected, "{lines:#?}");
        shown
    }

    fn joined_of(read: &[(Timestamp, Side, Option<Part>, Words)]) -> Vec<Shown> {
        let pieces: Vec<Piece<'_>> =
            read.iter().map(|(at, side, part, words)| Piece { at: *at, side: *side, part: part.as_ref(), words }).collect();
        joined(&pieces)
    }

    fn parsed(line: &str) -> (Timestamp, Side, Option<Part>, Words) {
        let mut fields = line.splitn(5, ' ');
        let mut field = || fields.next().expect("a field");
        let minute: f64 = field().parse().expect("a minute");
        let side = if field() == "we" { Side::Line } else { Side::Reporter };
        let (whole, number, words) = (field().to_owned(), field(), field());
        let (number, of) = number.split_once('/').expect("n/of");
        let part = Part { whole, number: number.parse().expect("a number"), of: of.parse().expect("a number") };
        let at = Timestamp::from_second(1_800_000_000 + (minute * 60.0) as i64).expect("in range");
        (at, side, Some(part).filter(|part| part.whole != "-"), Words::new(words))
    }

    #[test]
    fn three_pieces_in_any_order_are_one_message_and_shown_before_the_last() {
        let parts = ["0 he A 1/3 There is a ", "0.1 he A 2/3 gun in the ", "0.2 he A 3/3 bathroom"];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            // They come in this order and carry the same time: the store's order is that of arrival.
            let came = order.map(|index| parts[index].replacen(["0.1", "0.2"][usize::from(index == 2)], "0", 1));
            let came: Vec<&str> = came.iter().map(String::as_str).collect();
            let whole = check(&came, &["There is a gun in the bathroom"]);
            assert!(whole[0].is_whole() && whole[0].copies.is_empty());
            let two = check(&came[..2], &[&expected(&order[..2])]);
            assert!(!two[0].is_whole());
            check(&came[..1], &[&expected(&order[..1])]);
            // With their own times, one of them delivered late, twice.
            let late: Vec<&str> = [order[0], order[1], order[2], order[2]].map(|index| parts[index]).to_vec();
            let whole = check(&late, &["There is a gun in the bathroom"]);
            assert_eq!((whole[0].copies.len(), whole[0].all().count()), (1, 4));
        }
    }

    /// What is shown when only these pieces have come.
    fn expected(came: &[usize]) -> String {
        let pieces = ["There is a ", "gun in the ", "bathroom"];
        let shown: Vec<&str> = (0..3).map(|index| if came.contains(&index) { pieces[index] } else { MISSING }).collect();
        shown.concat().replace("……", MISSING)
    }

    #[test]
    fn it_stands_where_its_earliest_piece_stands() {
        let lines = ["0 he - 1/1 Hello", "1 he A 1/2 I saw ", "2 we - 1/1 We read you.", "3 he A 2/2 a knife", "4 he - 1/1 today"];
        let shown = check(&lines, &["Hello", "I saw a knife", "We read you.", "today"]);
        assert_eq!(shown[1].pieces, [Some(1), Some(3)]);
        // The second piece has the earlier time: the text stands there.
        check(&["5 he A 1/2 I saw ", "2 he A 2/2 a knife", "3 we - 1/1 We read you."], &["I saw a knife", "We read you."]);
    }

    #[test]
    fn what_is_not_one_text_is_not_joined() {
        let table: [(&[&str], &[&str]); 9] = [
            // The number comes round again.
            (&["0 he A 1/2 one ", "1 he A 2/2 two", "16 he A 1/2 three ", "17 he A 2/2 four"], &["one two", "three four"]),
            (&["0 he A 1/2 one ", "16 he A 2/2 four"], &["one …", "…four"]),
            // At once: other words at the same place are another text, and each gets its rest.
            (&["0 he A 1/2 one ", "1 he A 1/2 two ", "2 he A 2/2 uno", "3 he A 2/2 dos"], &["one uno", "two dos"]),
            // Other number, other length, other side.
            (&["0 he A 1/2 one ", "0 he B 2/2 two"], &["one …", "…two"]),
            (&["0 he A 1/2 one ", "0 he A 2/3 two"], &["one …", "…two…"]),
            (&["0 he A 1/2 one ", "0 we A 2/2 two"], &["one …", "…two"]),
            // Twice the same without a number is said twice.
            (&["0 he - 1/1 help", "1 he - 1/1 help"], &["help", "help"]),
            // Nonsense from a carrier is shown as it is.
            (&["0 he A 0/2 zero", "0 he A 3/2 three", "0 he A 1/1 one", "0 he A 1/0 none"], &["zero", "three", "one", "none"]),
            (&[], &[]),
        ];
        for (lines, expected) in table {
            check(lines, expected);
        }
        check(&["0 he A 1/2 one ", "15 he A 2/2 two"], &["one two"]);
        check(&["0 he A 200/255 far"], &["…far…"]);
    }

    #[test]
    fn nothing_is_lost_or_shown_twice_whatever_comes() {
        for seed in 0..2000 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut read: Vec<(Timestamp, Side, Option<Part>, Words)> = (0..rng.usize(0..40))
                .map(|_| {
                    let part = Part { whole: rng.u8(0..3).to_string(), number: rng.u8(0..5), of: rng.u8(0..4) };
                    let at = Timestamp::from_second(1_800_000_000 + rng.i64(0..4000)).expect("in range");
                    let side = if rng.bool() { Side::Reporter } else { Side::Line };
                    (at, side, Some(part).filter(|_| rng.u8(0..4) > 0), Words::new(rng.u8(0..4).to_string()))
                })
                .collect();
            read.sort_by_key(|(at, ..)| *at);
            let shown = joined_of(&read);
            let mut all: Vec<usize> = shown.iter().flat_map(Shown::all).collect();
            all.sort_unstable();
            assert_eq!(all, (0..read.len()).collect::<Vec<_>>(), "seed {seed}");
            let firsts: Vec<usize> = shown.iter().filter_map(|shown| shown.all().min()).collect();
            assert!(firsts.is_sorted(), "seed {seed}");
        }
    }
}
