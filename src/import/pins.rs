//! Whose PIN is void after an import: a PIN is a person's, not a place's in the list (R18, R19).
//!
//! A row of the list keeps its key when somebody else takes the desk, and their predecessor knows the PIN. So a changed name makes it void,
//! and so does going from the list: whoever comes back under the same key need not be the same. A key that keeps its name keeps its PIN.

use crate::store::endusers::PinRow;
use domain::directory::Person;
use domain::id::PersonKey;
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt;

/// A PIN that is void.
#[derive(Debug, PartialEq, Eq)]
pub struct Void {
    person: PersonKey,
    before: String,
    /// Who has the place now; none when the person has gone from the list.
    now: Option<String>,
}

/// The PINs that the list `after` makes void; `pins` are everybody's latest.
pub fn void(before: &[Person], after: &[Person], pins: &[PinRow]) -> Vec<Void> {
    let names = |list: &[Person]| list.iter().map(|person| (person.key.clone(), person.name.clone())).collect::<HashMap<_, _>>();
    let (before, after) = (names(before), names(after));
    let kept = pins.iter().filter(|row| row.mac.is_some());
    let changed = kept.filter_map(|row| {
        let (was, now) = (before.get(&row.person)?, after.get(&row.person));
        (now != Some(was)).then(|| Void { person: row.person.clone(), before: was.clone(), now: now.cloned() })
    });
    changed.collect()
}

impl Void {
    /// The row that says so.
    pub fn row(&self, at: Timestamp) -> PinRow {
        PinRow { person: self.person.clone(), mac: None, set_at: at, set_by: None }
    }
}

impl fmt::Display for Void {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Void { person, before, now } = self;
        match now {
            Some(now) => write!(
                f,
                "The PIN of {person} is void: it was that of \"{before}\", and the place is \"{now}\" now. Draw a new one: tipline pin new {person}"
            ),
            None => write!(f, "The PIN of {person} (\"{before}\") is void: they are not in the list any more."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::language::Language;

    fn person(key: &str, name: &str) -> Person {
        Person {
            key: key.parse().unwrap(),
            organization: "delta-high".parse().unwrap(),
            name: name.to_owned(),
            role: "Principal".to_owned(),
            order: 1,
            language: Language::En,
            points: Vec::new(),
            attested_on: None,
        }
    }

    #[test]
    fn a_pin_goes_with_its_person_and_not_with_the_place() {
        let before =
            [person("head", "Ada Example"), person("nurse", "Bo Example"), person("coach", "Cy Example"), person("new", "Di Example")];
        let after = [person("head", "Eve Example"), person("nurse", "Bo Example"), person("new", "Flo Example")];
        let pin = |key: &str, mac| PinRow { person: key.parse().unwrap(), mac, set_at: Timestamp::UNIX_EPOCH, set_by: None };
        let pins = [pin("head", Some([1; 32])), pin("nurse", Some([2; 32])), pin("coach", Some([3; 32])), pin("new", None)];
        let found = void(&before, &after, &pins);
        let keys: Vec<_> = found.iter().map(|one| one.person.as_str()).collect();
        assert_eq!(keys, ["head", "coach"], "a name that stays keeps its PIN, and what is void already is not said again");
        assert!(found[0].to_string().contains("tipline pin new head"), "{}", found[0]);
        assert!(found[1].to_string().contains("not in the list any more"));
        assert_eq!(found[0].row(Timestamp::UNIX_EPOCH).mac, None);
    }
}
