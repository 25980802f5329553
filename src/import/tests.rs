//! Good files come in whole; each bad row is told by line and column; nothing panics or grows without bound.

use super::*;
use crate::config::{Config, Environment};
use domain::id::CalendarKey;

const ORGANIZATIONS: &str = "\
key,kind,name,county,district,psap,police,calendar
fox,county,Fox County,,,,,
fox-911,psap,Fox County 911,fox,,,,always
fox-police,police,Fox Police,fox,,,,
fox-district,district,Fox District,fox,,,,school
delta-high,school,Delta High School,fox,fox-district,fox-911,fox-police,school
";
const PEOPLE: &str = "\
key,organization,name,role,order,phone,extension,mail,text,language,attested_on
desk,fox-911,Fox County 911,911 desk,1,+15555550101,,desk@example.org,no,en,2026-08-15
principal,delta-high,Principal of Delta High,Principal,1,+15555550102,12#,principal@example.org,yes,es,
nurse,delta-high,Nurse of Delta High,Nurse,2,,,nurse@example.org,+12175550103,,
";

fn import(organizations: &[u8], people: &[u8]) -> Result<Imported, Rejected> {
    let config = Config::load(None, &Environment::new()).unwrap();
    let source = |name, bytes| Source { name, bytes };
    read(source("o.csv", organizations), source("p.csv", people), config.calendars())
}

/// The sentences, without the last one.
fn sentences(organizations: &str, people: &str) -> Vec<String> {
    let rejected = import(organizations.as_bytes(), people.as_bytes()).expect_err("refused");
    rejected.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn good_files_come_in_whole() {
    let imported = import(ORGANIZATIONS.as_bytes(), PEOPLE.as_bytes()).unwrap();
    assert_eq!((imported.organizations.len(), imported.persons.len()), (5, 3));
    let means: Vec<(&str, Means)> = imported.addresses.iter().map(|(key, means, _)| (key.as_str(), *means)).collect();
    let expected = [
        ("desk", Means::Call),
        ("desk", Means::Mail),
        ("principal", Means::Call),
        ("principal", Means::Mail),
        ("principal", Means::Text),
        ("nurse", Means::Mail),
        ("nurse", Means::Text),
    ];
    assert_eq!(means, expected);
    let call = imported.persons[1].point(Means::Call).unwrap();
    assert_eq!((call.tail.as_str(), call.extension.as_str()), ("…02", "12#"));
}

#[test]
fn what_spreadsheets_write_is_taken() {
    let columns_elsewhere = "\u{feff}Name,KEY,kind,psap\r\n\"Fox, County 911\",fox-911,psap,\r\n\r\n , , , \r\n";
    let people = "phone,mail,role,name,organization,key\n+15555550101,desk@example.org,desk,Desk,fox-911,desk\n";
    let imported = import(columns_elsewhere.as_bytes(), people.as_bytes()).unwrap();
    assert_eq!(imported.organizations[0].name, "Fox, County 911");
}

#[test]
fn the_demo_county_comes_in() {
    let file = |name: &str| std::fs::read(format!("{}/config/demo/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let imported = import(&file("organizations.csv"), &file("people.csv")).unwrap_or_else(|rejected| panic!("{rejected}"));
    let directory = Directory::new(imported.organizations, imported.persons);
    let schools: Vec<&str> = directory.schools().iter().map(|school| school.name.as_str()).collect();
    assert_eq!(
        schools,
        ["Alpha Middle School", "Bravo Middle School", "Charlie High School", "Delta Elementary School", "Delta High School"]
    );
    let mut numbers: Vec<&str> =
        imported.addresses.iter().filter(|(_, means, _)| *means == Means::Call).map(|(_, _, address)| address.reveal()).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "everybody has a number of their own");
    assert!(numbers.iter().all(|number| number[5..].starts_with("55501")), "all numbers are fictional");
}

/// The good files with these columns added to the principal's row and to the school's.
fn with_columns(of_school: (&str, &str), of_principal: (&str, &str)) -> Result<Imported, Rejected> {
    let add = |file: &str, own: &str, (columns, values): (&str, &str)| {
        let none = ",".repeat(columns.matches(',').count() + 1);
        let line = |(at, line): (usize, &str)| match at {
            0 => format!("{line},{columns}\n"),
            _ if line.starts_with(own) => format!("{line},{values}\n"),
            _ => format!("{line}{none}\n"),
        };
        file.lines().enumerate().map(line).collect::<String>()
    };
    import(add(ORGANIZATIONS, "delta-high,", of_school).as_bytes(), add(PEOPLE, "principal,", of_principal).as_bytes())
}

#[test]
fn several_numbers_their_hours_and_accepted_content_come_in() {
    let columns = "phone_hours,phone_kind,phone2,phone2_hours,mail_tls";
    let accepted = ("content,content_accepted_on", "both,2026-08-15");
    let imported = with_columns(accepted, (columns, "school,landline,+15555550104,always,required")).unwrap_or_else(|no| panic!("{no}"));
    let school = imported.organizations.iter().find(|one| one.name == "Delta High School").unwrap();
    assert!(school.content.by_mail && school.content.by_speech && school.content.on.is_some());
    let principal = &imported.persons[1];
    let calls: Vec<_> = principal.points(Means::Call).map(|(place, point)| (place, point.clone())).collect();
    assert_eq!(calls.len(), 2);
    let hours = |at: usize| calls[at].1.hours.as_ref().map(CalendarKey::as_str);
    assert_eq!((calls[0].1.tail.as_str(), hours(0), calls[0].1.landline), ("…02", Some("school"), true));
    assert_eq!((calls[0].1.extension.as_str(), calls[1].1.extension.as_str()), ("12#", ""), "the extension is the first number's");
    assert_eq!((calls[1].1.tail.as_str(), hours(1), calls[1].1.landline), ("…04", Some("always"), false));
    assert!(principal.point(Means::Mail).unwrap().tls_required);
    assert!(principal.point(Means::Text).unwrap().landline, "texts to the phone, which is a landline: the lint says so");
    let of_principal: Vec<_> =
        imported.addresses.iter().filter(|(key, ..)| key.as_str() == "principal").map(|(_, means, _)| *means).collect();
    assert_eq!(of_principal, [Means::Call, Means::Call, Means::Mail, Means::Text], "in the order of the points");
    for (content, on, expected) in [
        ("mail", "", "column content_accepted_on: the day of the written acceptance is missing"),
        ("all", "2026-08-15", "column content: \"all\" is not what can be accepted: write none, mail, speech or both"),
        ("mail", "soon", "column content_accepted_on: \"soon\" is not a date"),
        ("none", "2026-08-15", "column content: a day of acceptance stands here and nothing was accepted"),
    ] {
        let refused = with_columns(("content,content_accepted_on", &format!("{content},{on}")), ("mail_tls", "")).expect_err("refused");
        assert!(refused.to_string().contains(expected), "{content} {on}: {refused}");
    }
    for (values, expected) in [
        ("summer,,,,", "p.csv:3: column phone_hours: there is no calendar \"summer\" in the configuration: write one of always, school"),
        (",fax,,,", "column phone_kind: \"fax\" is not a kind of phone: write mobile or landline"),
        (",,5555550104,,", "column phone2: the phone number does not begin with +"),
        (",,,always,", "column phone2_hours: hours stand here and no phone2"),
        (",,,,yes", "column mail_tls: \"yes\" is not known: write required, or leave it empty"),
    ] {
        let refused = with_columns(("content", ""), (columns, values)).expect_err("refused");
        assert!(refused.to_string().contains(expected), "{values}: {refused}");
    }
}

#[test]
fn the_lines_own_supervisors_come_in_and_accept_no_content() {
    let rows = |content: &str| {
        let columns = ORGANIZATIONS.replace("calendar\n", "calendar,content,content_accepted_on\n");
        let mut lines: Vec<String> = columns.lines().take(1).map(str::to_owned).collect();
        lines.extend(columns.lines().skip(1).map(|line| format!("{line},,")));
        lines.push(format!("desk-line,line,The Line,fox,,,,,{content}"));
        lines.join("\n")
    };
    let people = format!("{PEOPLE}sup,desk-line,Supervisor,Supervisor,1,+15555550108,,sup@example.org,no,en,\n");
    let imported = import(rows(",").as_bytes(), people.as_bytes()).unwrap_or_else(|no| panic!("{no}"));
    let line = imported.organizations.iter().find(|one| one.name == "The Line").unwrap();
    assert_eq!(line.calendar.as_str(), "always");
    let refused = import(rows("mail,2026-08-15").as_bytes(), people.as_bytes()).expect_err("refused").to_string();
    assert!(refused.contains("the line's own supervisors log in"), "{refused}");
}

/// Puts one more row into a good file and expects this sentence about it.
fn check_row(is_person: bool, row: &str, expected: &str) {
    let (mut organizations, mut people) = (ORGANIZATIONS.to_owned(), PEOPLE.to_owned());
    let file = if is_person { &mut people } else { &mut organizations };
    file.push_str(row);
    let line = file.lines().count();
    let told = sentences(&organizations, &people);
    let place = format!("{}.csv:{line}: ", if is_person { "p" } else { "o" });
    let found = told.iter().any(|sentence| sentence.starts_with(&place) && sentence.contains(expected));
    assert!(found, "{row}\ngave: {told:#?}");
}

#[test]
fn every_bad_organization_is_told() {
    for (row, expected) in [
        ("Delta High,school,Delta,fox,,fox-911,,school", "column key: \"Delta High\" is not a key: write 1 to 64 lower-case"),
        (",school,Delta,fox,,fox-911,,school", "column key: \"\" is not a key"),
        ("delta-high,school,Delta again,fox,,fox-911,,school", "column key: delta-high stands in line 6 already"),
        ("bravo,academy,Bravo,fox,,fox-911,,school", "column kind: \"academy\" is not a kind: write one of county, district, school"),
        ("bravo,school,,fox,,fox-911,,school", "column name: the name is missing"),
        ("bravo,school,Bravo,fox,,,,school", "column psap: Bravo has no PSAP"),
        ("bravo,school,Bravo,fox,,,,", "column psap: Bravo has no PSAP"),
        ("bravo,school,Bravo,fox,,fox-police,,school", "column psap: fox-police is a police and not a psap"),
        ("bravo,school,Bravo,fox,,nowhere,,school", "column psap: nowhere is not in this file"),
        ("bravo,school,Bravo,fox,fox-911,fox-911,,school", "column district: fox-911 is a psap and not a district"),
        ("bravo,school,Bravo,fox,,fox-911,fox-district,school", "column police: fox-district is a district and not a police"),
        ("bravo,school,Bravo,delta-high,,fox-911,,school", "column county: delta-high is a school and not a county"),
        ("bravo,district,Bravo,fox,,fox-911,,school", "column psap: only a school or a county has a psap: leave it empty for a district"),
        ("bravo,psap,Bravo,fox,fox-district,,,always", "column district: only a school has a district: leave it empty for a psap"),
        ("bravo,county,Bravo,,,fox-police,,", "column psap: fox-police is a police and not a psap"),
        ("bravo,school,Bravo,fox,,fox-911,,", "column calendar: the calendar is missing: write one of always, school"),
        ("bravo,school,Bravo,fox,,fox-911,,summer", "column calendar: there is no calendar \"summer\" in the configuration"),
        ("bravo,school,Bravo", "3 values where the first line names 8 columns"),
        (
            "bravo,school,Bravo, Illinois,fox,,fox-911,,school",
            "9 values where the first line names 8 columns: put a value with a comma into quotes",
        ),
        ("bravo,school,Br\u{1}avo,fox,,fox-911,,school", "column name: the value has a line break or a control character"),
    ] {
        check_row(false, row, expected);
    }
}

#[test]
fn every_bad_person_is_told() {
    for (row, expected) in [
        ("Head,delta-high,H,Head,1,+15555550104,,h@example.org,no,en,", "column key: \"Head\" is not a key"),
        ("nurse,delta-high,H,Head,1,+15555550104,,h@example.org,no,en,", "column key: nurse stands in line 4 already"),
        ("head,delta,H,Head,1,+15555550104,,h@example.org,no,en,", "column organization: \"delta\" is not a good row"),
        ("head,delta-high,,Head,1,+15555550104,,h@example.org,no,en,", "column name: the name is missing"),
        ("head,delta-high,H,,1,+15555550104,,h@example.org,no,en,", "column role: the role is missing"),
        ("head,delta-high,H,Head,0,+15555550104,,h@example.org,no,en,", "column order: \"0\" is not a place in the order"),
        ("head,delta-high,H,Head,first,+15555550104,,h@example.org,no,en,", "column order: \"first\" is not a place"),
        (
            "head,delta-high,H,Head,1,5555550104,,h@example.org,no,en,",
            "column phone: the phone number does not begin with +: write the number as +",
        ),
        ("head,delta-high,H,Head,1,+1 555 555 0104,,h@example.org,no,en,", "column phone: the phone number has something else than digits"),
        (
            "head,delta-high,H,Head,1,+155555501,,h@example.org,no,en,",
            "column phone: the phone number begins with +1 and is not ten digits",
        ),
        ("head,delta-high,H,Head,1,+15555550104,office,h@example.org,no,en,", "column extension: the extension is not up to 10 digits"),
        ("head,delta-high,H,Head,1,,12,h@example.org,no,en,", "column extension: an extension needs a phone"),
        ("head,delta-high,H,Head,1,+15555550104,,head,no,en,", "column mail: the mail address is not a name, one @ and a domain"),
        ("head,delta-high,H,Head,1,+15555550104,,h@example,no,en,", "column mail: the mail address has a domain without a dot"),
        ("head,delta-high,H,Head,1,+15555550104,,h@example.org,maybe,en,", "column text: \"maybe\" is not yes, no or a number"),
        ("head,delta-high,H,Head,1,+15555550104,,h@example.org,5555550104,en,", "column text: the value is not yes, no or a number"),
        ("head,delta-high,H,Head,1,,,h@example.org,yes,en,", "column text: yes means texts to the phone, and there is none"),
        ("head,delta-high,H,Head,1,,,,no,en,", "this person cannot be reached: write a phone number or a mail address"),
        ("head,delta-high,H,Head,1,+15555550104,,h@example.org,no,fr,", "column language: \"fr\" is not a language"),
        ("head,delta-high,H,Head,1,+15555550104,,h@example.org,no,en,15.8.2026", "column attested_on: \"15.8.2026\" is not a date"),
    ] {
        check_row(true, row, expected);
    }
}

#[test]
fn a_bad_header_is_told() {
    let people = |header: &str| sentences(ORGANIZATIONS, &format!("{header}\n"));
    let columns = "key,organization,name,role,order,phone,extension,mail,text,language,attested_on";
    for (header, expected) in [
        ("", "p.csv:1: the file is empty: its first line names the columns key, organization"),
        ("key;organization;name;role;phone;mail", "p.csv:1: the columns are not separated by commas"),
        ("key,organization,name,role,phone", "p.csv:1: the column mail is missing: add it to the first line"),
        (&columns.replace("phone", "telephone"), "p.csv:1: unknown column \"telephone\": the columns are key, organization"),
        (&columns.replace("phone", ""), "p.csv:1: unknown column number 6"),
        (&columns.replace("text", "mail"), "p.csv:1: column mail: this column stands here twice"),
    ] {
        let told = people(header);
        assert!(told.iter().any(|sentence| sentence.contains(expected)), "{header}\ngave: {told:#?}");
    }
}

#[test]
fn a_school_that_could_not_be_told_is_refused_with_the_reason() {
    let without = |key: &str| PEOPLE.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect::<String>();
    let told = sentences(ORGANIZATIONS, &without("desk"));
    assert_eq!(told, ["o.csv:6: column psap: nobody at Fox County 911, the PSAP of Delta High School, has a phone number"]);
    let told = sentences(ORGANIZATIONS, &without("principal"));
    assert_eq!(told, ["o.csv:6: column key: Delta High School has no point of contact with a phone number"]);
}

/// The good files with a hotline, which this row names, and its desk with these addresses.
fn with_hotline(row: &str, desk: &str) -> Result<Imported, Rejected> {
    let mut lines: Vec<String> =
        ORGANIZATIONS.lines().map(|line| line.to_owned() + if line.starts_with("key") { ",hotline" } else { "," }).collect();
    lines.push("city-line,hotline,City Hotline,fox,,,,,".to_owned());
    lines.push(row.to_owned());
    import(lines.join("\n").as_bytes(), format!("{PEOPLE}city-desk,city-line,City Desk,Duty desk,1,{desk},no,en,\n").as_bytes())
}

#[test]
fn a_hotline_and_a_county_that_stands_for_schools_come_in() {
    let desk = "+15555550109,,line@example.org";
    let school = "bravo,school,Bravo,fox,fox-district,fox-911,,school,city-line";
    let imported = with_hotline("city,district,City District,fox,,,,school,city-line", desk).expect("good");
    let district = imported.organizations.iter().find(|one| one.name == "City District").expect("in");
    assert_eq!(district.hotline.as_ref().map(|key| key.as_str()), Some("city-line"));
    let county = with_hotline("dove,county,Dove County,,,fox-911,fox-police,,", desk).expect("good");
    let county = county.organizations.into_iter().find(|one| one.name == "Dove County").expect("in");
    assert!(county.psap.is_some() && county.police.is_some() && county.calendar.as_str() == "always");
    for (row, expected) in [
        ("city,district,City,fox,,,,school,fox-911", "column hotline: fox-911 is a psap and not a hotline"),
        ("city,district,City,fox,,,,school,nowhere", "column hotline: nowhere is not in this file"),
        ("city,police,City,fox,,,,,city-line", "column hotline: only a school or a district has a hotline: leave it empty for a police"),
    ] {
        let rejected = with_hotline(row, desk).expect_err("refused").to_string();
        assert!(rejected.contains(expected), "{row}: {rejected}");
    }
    // A hotline that cannot be mailed, and a county whose PSAP cannot be called, are told when they come in.
    let silent = with_hotline(school, "+15555550109,,").expect_err("silent");
    assert!(silent.to_string().contains("column hotline: nobody at City Hotline, the hotline of Bravo, has a mail address"), "{silent}");
    let rows = "dove-911,psap,Dove County 911,,,,,,\ndove,county,Dove County,,,dove-911,,,";
    let silent = with_hotline(rows, desk).expect_err("silent");
    assert!(silent.to_string().contains("column psap: nobody at Dove County 911, the PSAP of Dove County, has a phone number"), "{silent}");
}

#[test]
fn everything_is_told_at_once_and_no_more_than_is_bearable() {
    let bad = "x,nowhere,,,0,555,,no-mail,perhaps,xx,never\n".repeat(100);
    let rejected = import(ORGANIZATIONS.replace(",fox-911,fox-police", ",,").as_bytes(), format!("{PEOPLE}{bad}").as_bytes()).unwrap_err();
    assert_eq!(rejected.problems.len(), MOST_PROBLEMS);
    assert!(rejected.more > 500);
    let text = rejected.to_string();
    assert!(text.contains("o.csv:6: column psap: Delta High School has no PSAP"), "{text}");
    assert!(text.ends_with("things above and import again."), "{text}");
    let too_large = import(&vec![b'a'; MOST_BYTES + 1], PEOPLE.as_bytes()).unwrap_err();
    assert!(too_large.to_string().contains("o.csv:1: the file has more than 8 MiB"));
}

#[test]
fn no_sentence_repeats_an_address() {
    let row = "head,delta-high,H,Head,1,555-555-0199,,secret person@example.org,555-555-0198,en,\n";
    let rejected = import(ORGANIZATIONS.as_bytes(), format!("{PEOPLE}{row}").as_bytes()).unwrap_err();
    let text = format!("{rejected} {rejected:?}");
    assert!(!text.contains("0199") && !text.contains("0198") && !text.contains("secret"), "{text}");
}

#[test]
fn five_thousand_random_files_neither_panic_nor_grow() {
    let pieces: Vec<&[u8]> = vec![
        b"key",
        b"kind",
        b"name",
        b"psap",
        b"organization",
        b"role",
        b"phone",
        b"mail",
        b",",
        b",",
        b",",
        b"\n",
        b"\n",
        b"\"",
        b"\r",
        b"\0",
        b"\xff\xfe",
        b"school",
        b"fox-911",
        b"+15555550101",
        b"a@example.org",
        b"\xef\xbb\xbf",
        b";",
        b"'",
        b" ",
        b"1",
    ];
    for seed in 0..5_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut file = |base: &str| -> Vec<u8> {
            let mut bytes: Vec<u8> = if random.bool() { base.as_bytes().to_vec() } else { Vec::new() };
            for _ in 0..random.usize(0..200) {
                let at = random.usize(0..=bytes.len());
                let piece: Vec<u8> = if random.bool() { pieces[random.usize(0..pieces.len())].to_vec() } else { vec![random.u8(..)] };
                bytes.splice(at..at, piece);
            }
            bytes
        };
        let (organizations, people) = (file(ORGANIZATIONS), file(PEOPLE));
        if let Err(rejected) = import_with(&organizations, &people) {
            assert!(rejected.problems.len() <= MOST_PROBLEMS, "seed {seed}");
            assert!(rejected.to_string().len() < 200_000, "seed {seed}");
        }
    }
}

/// Like `import`, with the calendars read once.
fn import_with(organizations: &[u8], people: &[u8]) -> Result<Imported, Rejected> {
    use std::sync::OnceLock;
    static CONFIG: OnceLock<Config> = OnceLock::new();
    let config = CONFIG.get_or_init(|| Config::load(None, &Environment::new()).unwrap());
    read(Source { name: "o.csv", bytes: organizations }, Source { name: "p.csv", bytes: people }, config.calendars())
}
