//! The house rules that a compiler does not keep: who may use what, and what no file may hold.
//!
//! Each rule is a function from files to breaches; a breach names file, line and rule. Each has a test below that shows it
//! can fail. Comments are not looked at, except where the rule is about them; this file is not looked at, for it quotes what
//! it forbids.

use std::fmt;
use std::path::Path;

/// The most lines of a source file.
const MOST_LINES: usize = 400;

/// Numbers that are nobody's although they are not 555-01xx.
const NOBODYS: [(&str, &str); 4] = [
    ("+1500555", "Twilio's magic numbers"),
    ("+14158675310", "in Twilio's published example of a signature"),
    ("+18005551212", "in Twilio's published example of a signature"),
    ("+442079460", "reserved for drama by the British regulator"),
];

/// What is not ours or is made.
const NOT_LOOKED_AT: [&str; 4] = ["target", ".git", "node_modules", "tests/tidy.rs"];

struct File {
    path: String,
    text: String,
}

#[derive(Debug, PartialEq)]
struct Breach {
    path: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

impl File {
    fn is(&self, ending: &str) -> bool {
        self.path.ends_with(ending)
    }
    fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }
    /// The lines of code with their numbers from 1; whole-line comments are left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
    /// The line at which tests begin, for files that are not wholly tests.
    fn tests_begin(&self) -> usize {
        let name = self.path.rsplit('/').next().unwrap_or("");
        if name == "tests.rs" || name.ends_with("_tests.rs") || self.path.starts_with("tests/") || self.path.contains("/tests/") {
            return 0;
        }
        let mut after = false;
        for (at, line) in self.text.lines().enumerate() {
            if after && line.trim_start().starts_with("mod ") && line.contains('{') {
                return at + 1;
            }
            after = line.trim() == "#[cfg(test)]";
        }
        usize::MAX
    }
    fn breach(&self, line: usize, rule: impl Into<String>) -> Breach {
        Breach { path: self.path.clone(), line, rule: rule.into() }
    }
}

/// Whether a line of code has this word, standing by itself.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// Lines of code with one of these words in the files that `looked_at` takes.
fn words(files: &[File], looked_at: impl Fn(&File) -> bool, forbidden: &[&str], rule: &str) -> Vec<Breach> {
    let sources = files.iter().filter(|file| file.is(".rs") && looked_at(file));
    let lines = sources.flat_map(|file| file.code().map(move |(line, text)| (file, line, text)));
    lines
        .filter_map(|(file, line, text)| {
            let word = forbidden
                .iter()
                .find(|word| if word.ends_with(|c: char| !c.is_alphanumeric()) { text.contains(**word) } else { has_word(text, word) })?;
            Some(file.breach(line, format!("{} {rule}", word.trim_end_matches(['(', ':']))))
        })
        .collect()
}

fn sql_only_in_the_store(files: &[File]) -> Vec<Breach> {
    let elsewhere = |file: &File| !file.is_under(&["src/store/", "tests/", "examples/"]);
    words(files, elsewhere, &["sqlx"], "is for src/store only: the rest of the program knows rows, not SQL")
}

fn http_only_in_its_folders(files: &[File]) -> Vec<Breach> {
    let elsewhere = |file: &File| !file.is_under(&["src/http/", "src/boot.rs", "src/boot/", "mock-carriers/", "xtask/", "tests/"]);
    words(files, elsewhere, &["axum"], "is for src/http (and boot, which serves it): everything else speaks no HTTP server's words")
}

fn the_domain_is_pure(files: &[File]) -> Vec<Breach> {
    let forbidden = [
        "tokio",
        "sqlx",
        "axum",
        "reqwest",
        "SystemTime",
        "Instant",
        "Timestamp::now",
        "Zoned::now",
        "getrandom",
        "fastrand",
        "rand",
        "async",
    ];
    let breaches =
        words(files, |file| file.is_under(&["domain/src/"]), &forbidden, "does not belong in domain: time, chance and I/O are arguments");
    // Its tests may draw seeded numbers.
    let in_tests = |breach: &Breach| files.iter().any(|file| file.path == breach.path && breach.line > file.tests_begin());
    breaches.into_iter().filter(|breach| !in_tests(breach)).collect()
}

fn adapters_know_no_store(files: &[File]) -> Vec<Breach> {
    let looked_at = |file: &File| file.is_under(&["adapters/"]);
    words(files, looked_at, &["sqlx", "axum", "tipline::"], "does not belong in adapters: they know carriers, not the database or tips")
}

fn nothing_is_left_undone(files: &[File]) -> Vec<Breach> {
    words(files, |_| true, &["todo!(", "unimplemented!(", "#[ignore]", "#[ignore ="], "is not left in the code: finish it, or leave it out")
}

fn tests_wait_for_conditions(files: &[File]) -> Vec<Breach> {
    let sources = files.iter().filter(|file| file.is(".rs"));
    let lines = sources.flat_map(|file| {
        let begin = file.tests_begin();
        file.code().filter(move |(line, _)| *line > begin).map(move |(line, text)| (file, line, text))
    });
    let sleeps = lines.filter(|(_, _, text)| text.contains("sleep("));
    sleeps.map(|(file, line, _)| file.breach(line, "a test waits on a condition with a time-out, it does not sleep")).collect()
}

fn every_source_says_what_it_is(files: &[File]) -> Vec<Breach> {
    let silent = files.iter().filter(|file| file.is(".rs") && !file.text.trim_start_matches('\u{feff}').starts_with("//!"));
    silent
        .map(|file| file.breach(1, "the file does not open with //! saying what it owns, what it leaves to others, what would surprise"))
        .collect()
}

fn sources_are_short(files: &[File]) -> Vec<Breach> {
    let long = |file: &&File| file.is(".rs") && file.text.lines().count() > MOST_LINES;
    files
        .iter()
        .filter(long)
        .map(|file| file.breach(MOST_LINES + 1, format!("the file has more than {MOST_LINES} lines: it has two subjects")))
        .collect()
}

fn everything_has_a_noun(files: &[File]) -> Vec<Breach> {
    let vague = ["utils", "util", "helpers", "helper", "common", "manager", "misc"];
    let named = |file: &&File| file.is(".rs") && file.path.trim_end_matches(".rs").split('/').any(|part| vague.contains(&part));
    files
        .iter()
        .filter(named)
        .map(|file| file.breach(1, "a module is named after what it is, not utils, helpers, common or manager"))
        .collect()
}

/// Phone numbers in the repository are fictional: 555-01xx in some area.
fn numbers_are_nobodys(files: &[File]) -> Vec<Breach> {
    let lines = files.iter().flat_map(|file| file.text.lines().enumerate().map(move |(at, text)| (file, at + 1, text)));
    lines
        .filter(|(_, _, text)| has_real_number(text))
        .map(|(file, line, _)| file.breach(line, "a phone number that could be somebody's: use +1 555 555 01xx"))
        .collect()
}

fn has_real_number(line: &str) -> bool {
    line.match_indices('+').any(|(at, _)| {
        let digits: String = line[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        let fictional = digits.get(4..9) == Some("55501") || NOBODYS.iter().any(|(begin, _)| line[at..].starts_with(begin));
        (11..=15).contains(&digits.len()) && !fictional
    })
}

fn pages_name_their_language(files: &[File]) -> Vec<Breach> {
    let pages = files.iter().filter(|file| file.is(".html"));
    let lines = pages.flat_map(|file| file.text.lines().enumerate().map(move |(at, text)| (file, at + 1, text)));
    let silent = lines.filter(|(_, _, text)| text.contains("<html") && !text.contains("lang="));
    silent.map(|(file, line, _)| file.breach(line, "<html> has no lang: a screen reader would guess")).collect()
}

/// The names under a `[section]` of a manifest, with their lines.
fn manifest(file: &File, section: &str) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut names = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.trim() == format!("[{section}]");
        } else if inside && !line.trim().is_empty() && !line.starts_with('#') {
            names.push((at + 1, line.split(['.', ' ', '=']).next().unwrap_or("").to_owned()));
        }
    }
    names
}

fn crates_depend_downwards(files: &[File]) -> Vec<Breach> {
    let forbidden: [(&str, &str, &[&str], &str); 4] = [
        (
            "mock-carriers/Cargo.toml",
            "dependencies",
            &["domain", "adapters", "tipline"],
            "shared code would let two errors cancel each other",
        ),
        ("Cargo.toml", "dependencies", &["mock-carriers"], "the gateway's binary contains no mock"),
        ("adapters/Cargo.toml", "dependencies", &["tipline", "sqlx", "axum", "mock-carriers"], "adapters know carriers only"),
        (
            "domain/Cargo.toml",
            "dependencies",
            &["tipline", "adapters", "tokio", "sqlx", "axum", "reqwest", "getrandom"],
            "the rules are pure",
        ),
    ];
    let mut breaches = Vec::new();
    for (path, section, names, why) in forbidden {
        for file in files.iter().filter(|file| file.path == path) {
            let used = manifest(file, section).into_iter().filter(|(_, name)| names.contains(&name.as_str()));
            breaches.extend(used.map(|(line, name)| file.breach(line, format!("may not depend on {name}: {why}"))));
        }
    }
    breaches
}

type Rule = fn(&[File]) -> Vec<Breach>;

const RULES: [Rule; 12] = [
    sql_only_in_the_store,
    http_only_in_its_folders,
    the_domain_is_pure,
    adapters_know_no_store,
    nothing_is_left_undone,
    tests_wait_for_conditions,
    every_source_says_what_it_is,
    sources_are_short,
    everything_has_a_noun,
    numbers_are_nobodys,
    pages_name_their_language,
    crates_depend_downwards,
];

/// Every text file of the repository.
fn repository() -> Vec<File> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            let skipped = NOT_LOOKED_AT.contains(&name.as_str()) || NOT_LOOKED_AT.contains(&entry.file_name().to_string_lossy().as_ref());
            if skipped {
                continue;
            } else if path.is_dir() {
                walk(root, &path, files);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.push(File { path: name, text });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(root, root, &mut files);
    files
}

#[test]
fn the_house_is_tidy() {
    let files = repository();
    assert!(files.len() > 50, "the repository was found");
    let breaches: Vec<String> = RULES.iter().flat_map(|rule| rule(&files)).map(|breach| breach.to_string()).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_rule_can_fail_and_can_be_kept() {
    let table: [(Rule, &str, &str, usize); 26] = [
        (sql_only_in_the_store, "src/desk/mod.rs", "//! x\nuse sqlx::Pool;\n", 2),
        (sql_only_in_the_store, "src/store/mod.rs", "//! x\nuse sqlx::Pool;\n", 0),
        (sql_only_in_the_store, "src/desk/mod.rs", "//! x\n// sqlx is not used here\n", 0),
        (http_only_in_its_folders, "src/outbox/mod.rs", "//! x\nuse axum::Router;\n", 2),
        (http_only_in_its_folders, "src/http/mod.rs", "//! x\nuse axum::Router;\n", 0),
        (the_domain_is_pure, "domain/src/level.rs", "//! x\n\nlet now = Timestamp::now();\n", 3),
        (the_domain_is_pure, "domain/src/level.rs", "//! x\nuse std::time::Instant;\n", 2),
        (the_domain_is_pure, "domain/src/level.rs", "//! x\nlet brand = Timestamp::nowhere();\n", 0),
        (the_domain_is_pure, "domain/src/level.rs", "//! x\n#[cfg(test)]\nmod tests {\n    use fastrand::Rng;\n}\n", 0),
        (adapters_know_no_store, "adapters/src/lib.rs", "//! x\nuse tipline::store::Store;\n", 2),
        (nothing_is_left_undone, "src/a.rs", "//! x\nfn f() { todo!() }\n", 2),
        (nothing_is_left_undone, "tests/a.rs", "//! x\n#[ignore]\n", 2),
        (tests_wait_for_conditions, "tests/a.rs", "//! x\nsleep(SECOND).await;\n", 2),
        (tests_wait_for_conditions, "src/a.rs", "//! x\n#[cfg(test)]\nmod tests {\n    sleep(1);\n}\n", 4),
        (tests_wait_for_conditions, "src/a.rs", "//! x\ntokio::time::sleep(delay).await;\n", 0),
        (every_source_says_what_it_is, "src/a.rs", "use std::fmt;\n", 1),
        (sources_are_short, "src/a.rs", "//! x\n", 0),
        (everything_has_a_noun, "src/utils/mod.rs", "//! x\n", 1),
        (everything_has_a_noun, "src/outbox/manager.rs", "//! x\n", 1),
        (numbers_are_nobodys, "README.md", "Call +12175551234 now.\n", 1),
        (numbers_are_nobodys, "README.md", "Call +12175550123, or +15005550006.\n", 0),
        (numbers_are_nobodys, "README.md", "1 + 12175551234 and +1\n", 0),
        (pages_name_their_language, "templates/a.html", "<!doctype html>\n<html>\n", 2),
        (pages_name_their_language, "templates/a.html", "<!doctype html>\n<html lang=\"en\">\n", 0),
        (crates_depend_downwards, "mock-carriers/Cargo.toml", "[dependencies]\naxum.workspace = true\ndomain = { path = \"x\" }\n", 3),
        (
            crates_depend_downwards,
            "Cargo.toml",
            "[dependencies]\nserde.workspace = true\n[dev-dependencies]\nmock-carriers.workspace = true\n",
            0,
        ),
    ];
    for (rule, path, text, line) in table {
        let breaches = rule(&[File { path: path.to_owned(), text: text.to_owned() }]);
        let found: Vec<usize> = breaches.iter().map(|breach| breach.line).collect();
        let expected: Vec<usize> = (line > 0).then_some(line).into_iter().collect();
        assert_eq!(found, expected, "{path}\n{text}");
    }
    let long = File { path: "src/a.rs".to_owned(), text: "//! x\n".repeat(MOST_LINES + 1) };
    assert_eq!(sources_are_short(&[long]).len(), 1);
}
