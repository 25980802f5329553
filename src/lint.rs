//! The lint over the imported directory: what the rules of `domain` need besides the list, gathered in one place for command and page.
//!
//! Numbers are sealed; whether two are the same is told by their keyed index, so no address is opened here. An import from before there was
//! an index compares as different.

use crate::progress::routes::Lane;
use crate::store::endusers::PinRow;
use crate::store::rows::{AddressRow, DirectoryRows};
use domain::calendar::Calendar;
use domain::channel::Means;
use domain::directory::Directory;
use domain::directory::lint::{Facts, Finding, Route, lint};
use domain::dispatch::policy::Policy;
use domain::id::{CalendarKey, OrganizationKey};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Everything that was found in this list, with these calendars, windows and lanes.
pub fn findings<'l>(
    rows: DirectoryRows,
    calendars: &BTreeMap<CalendarKey, Calendar>,
    policy: &Policy,
    pins: &[PinRow],
    lanes: impl IntoIterator<Item = &'l Lane>,
    now: Timestamp,
) -> Vec<Finding> {
    let directory = Directory::new(rows.organizations, rows.persons);
    let one_number = one_number(&directory, &rows.addresses);
    let routes: Vec<Route> =
        lanes.into_iter().map(|lane| Route { account: lane.account.clone(), means: lane.means, per_second: lane.per_second }).collect();
    let void_pins = pins.iter().filter(|row| row.mac.is_none()).map(|row| row.person.clone()).collect();
    let facts = Facts { directory: &directory, calendars, policy, routes: &routes, one_number: &one_number, void_pins: &void_pins, now };
    lint(facts)
}

/// Organizations with several persons and one number for all of them.
fn one_number(directory: &Directory, addresses: &[AddressRow]) -> BTreeSet<OrganizationKey> {
    let mut numbers: BTreeMap<&str, Vec<Option<&[u8]>>> = BTreeMap::new();
    for row in addresses.iter().filter(|row| row.means == Means::Call) {
        numbers.entry(row.person.as_str()).or_default().push(row.index.as_ref().map(|index| index.0.as_slice()));
    }
    let same = |key: &OrganizationKey| {
        let called: Vec<_> = directory.persons_of(key).iter().filter_map(|person| numbers.get(person.key.as_str())).collect();
        let distinct: HashSet<_> = called.iter().copied().flatten().collect();
        called.len() > 1 && distinct.len() == 1 && distinct.iter().all(|index| index.is_some())
    };
    directory.organizations.keys().filter(|key| same(key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};
    use crate::entropy::Entropy;
    use crate::import::{Source, read};
    use crate::vault::Vault;
    use crate::vault::keys::MasterKey;

    const ORGANIZATIONS: &str = "\
key,kind,name,county,district,psap,police,calendar
fox,county,Fox County,,,,,
fox-911,psap,Fox County 911,fox,,,,always
fox-police,police,Fox Police,fox,,,,
fox-district,district,Fox District,fox,,,,school
delta-high,school,Delta High School,fox,fox-district,fox-911,fox-police,school
";

    #[test]
    fn one_number_for_everybody_is_seen_without_opening_it() {
        let config = Config::load(None, &Environment::new()).unwrap();
        let vault = Vault::new(&MasterKey::from_bytes([7; 32]), Entropy);
        for (second, expected) in [("+15555550102", true), ("+15555550103", false)] {
            let people = format!(
                "key,organization,name,role,phone,mail\n\
                 desk,fox-911,Desk,Desk,+15555550101,desk@example.org\n\
                 head,delta-high,Head,Principal,+15555550102,head@example.org\n\
                 other,delta-high,Other,Nurse,{second},other@example.org\n"
            );
            let source = |name, text: &'static str| Source { name, bytes: text.as_bytes() };
            let people = Source { name: "p.csv", bytes: people.as_bytes() };
            let imported = read(source("o.csv", ORGANIZATIONS), people, config.calendars()).unwrap();
            let found = findings(imported.sealed(&vault), config.calendars(), config.policy(), &[], [], Timestamp::UNIX_EPOCH);
            let said = found.iter().any(|one| one.what.starts_with("All persons of Delta High School have the same phone number"));
            assert_eq!(said, expected, "{found:#?}");
        }
    }
}
