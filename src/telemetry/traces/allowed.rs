//! The allow-list: which attributes leave this process, and in which shape.
//!
//! The shape is checked as well as the name, so that an address which somebody puts under a good name by mistake does not pass: names and words
//! hold no `@`, no `+`, no blank, and no run of digits as long as a number.

use uuid::Uuid;

/// What an attribute may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// An id that was drawn at random.
    Id,
    /// A name out of the configuration.
    Name,
    /// A word of ours.
    Word,
    /// A small count.
    Count,
}

const ALLOWED: [(&str, Shape); 9] = [
    ("tip", Shape::Id),
    ("attempt", Shape::Id),
    ("account", Shape::Name),
    ("lane", Shape::Name),
    ("means", Shape::Word),
    ("outcome", Shape::Word),
    ("answer", Shape::Word),
    ("level", Shape::Word),
    ("writes", Shape::Count),
];

const LONGEST_NAME: usize = 64;
const LONGEST_WORD: usize = 24;
/// The shortest run of digits that could be somebody's number.
const LIKE_A_NUMBER: usize = 7;

/// The attribute, if it may leave.
pub(super) fn allowed(key: &str, value: String) -> Option<(&'static str, String)> {
    let (key, shape) = ALLOWED.iter().find(|(name, _)| *name == key)?;
    fits(*shape, &value).then_some((*key, value))
}

fn fits(shape: Shape, value: &str) -> bool {
    match shape {
        Shape::Id => Uuid::parse_str(value).is_ok(),
        Shape::Name => {
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
            (1..=LONGEST_NAME).contains(&value.len()) && value.chars().all(good) && longest_run_of_digits(value) < LIKE_A_NUMBER
        }
        Shape::Word => (1..=LONGEST_WORD).contains(&value.len()) && value.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
        Shape::Count => value.len() < LIKE_A_NUMBER && value.chars().all(|c| c.is_ascii_digit()),
    }
}

fn longest_run_of_digits(value: &str) -> usize {
    value.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn what_could_be_somebody_does_not_pass() {
        for (key, value, passes) in [
            ("tip", "018f3c2e-1111-7222-8333-444455556666", true),
            ("tip", "S2H-7K4Q", false),
            ("account", "main", true),
            ("account", "+15555550142", false),
            ("account", "jane@example.org", false),
            ("lane", "main/text", true),
            ("lane", "5555550142", false),
            ("outcome", "stored", true),
            ("outcome", "there is a gun on the bus", false),
            ("outcome", "5555550142", false),
            ("writes", "12", true),
            ("writes", "5555550142", false),
            ("words", "help", false),
            ("from", "main", false),
        ] {
            assert_eq!(allowed(key, value.to_owned()).is_some(), passes, "{key} = {value}");
        }
    }
}
