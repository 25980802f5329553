//! `tipline user add`: logins of analysts and supervisors.
//!
//! A password that is not given is drawn and shown this once; only its hash is kept.

use super::{database, give, note};
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::refusal;
use crate::entropy::Entropy;
use crate::login::{new_password_hash, normal_name};
use crate::store::rows::StaffRow;
use crate::store::{Commit, Write};
use anyhow::Context;
use domain::conversation::triage::StaffRole;
use domain::id::StaffId;
use std::io::Read;
use zeroize::Zeroizing;

/// Letters of a drawn password: none that is taken for another. Each is worth nearly five bits.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// Twenty letters are 99 bits.
const LETTERS_DRAWN: usize = 20;

/// A dash after so many, for reading it out.
const LETTERS_TOGETHER: usize = 5;

/// The longest password read from standard input, in bytes.
const LONGEST_INPUT: u64 = 4096;

const EXAMPLES: &str = "Examples:
  tipline user add sam --name 'Sam Example' --role analyst
  tipline user add alex --name 'Alex Example' --role supervisor --password-stdin < password.txt
  tipline user add sam --name 'Sam Example' --role analyst --reset";

#[derive(Debug, clap::Subcommand)]
pub(super) enum User {
    /// Make a login, or give an existing one a new name, role and password with --reset.
    #[command(after_help = EXAMPLES)]
    Add {
        /// What is typed at the login.
        login: String,
        /// The name that colleagues see.
        #[arg(long)]
        name: String,
        /// analyst, or supervisor (who may also lower a level).
        #[arg(long, value_parser = role)]
        role: StaffRole,
        /// Read the password from standard input instead of drawing one.
        #[arg(long)]
        password_stdin: bool,
        /// Change a login that exists.
        #[arg(long)]
        reset: bool,
    },
}

fn role(text: &str) -> Result<StaffRole, String> {
    StaffRole::parse(text).ok_or_else(|| "write analyst or supervisor".to_owned())
}

/// Runs it.
pub(super) fn run(command: User, config: &Config) -> anyhow::Result<()> {
    let User::Add { login, name, role, password_stdin, reset } = command;
    let login = good_login(&login)?;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(refusal("--name is empty or has control characters: write the name that colleagues see"));
    }
    let (password, shown) = if password_stdin { (typed()?, false) } else { (drawn(), true) };
    let password_hash = new_password_hash(&password).map_err(refusal)?;
    database::with(config, false, async |database| {
        let known = database.store.staff_by_login(login.clone()).await?;
        let now = Clock::System.now();
        let (id, created_at) = match (known, reset) {
            (Some(row), true) => (row.id, row.created_at),
            (None, false) => (StaffId::new(Entropy.uuid()), now),
            (Some(_), false) => {
                return Err(refusal(format!("there is a login {login} already: choose another, or give --reset to change it")));
            }
            (None, true) => return Err(refusal(format!("there is no login {login} to reset: drop --reset to make it"))),
        };
        let row =
            StaffRow { id, login: login.clone(), name: name.trim().to_owned(), role, password_hash: password_hash.clone(), created_at };
        database.store.commit(Commit { writes: vec![Write::Staff(row)], ..Commit::default() }).await?;
        Ok(())
    })?;
    note(&format!("{login} can log in as {}.", role.as_str()));
    if shown {
        note("The password, shown this once:");
        give(&password);
    }
    Ok(())
}

/// A login name: what is typed often, so short and plain.
fn good_login(text: &str) -> anyhow::Result<String> {
    let login = normal_name(text);
    let good = (2..=40).contains(&login.len()) && login.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b));
    if good { Ok(login) } else { Err(refusal("a login name has 2 to 40 letters, digits, dots, dashes, such as sam.example")) }
}

fn typed() -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().take(LONGEST_INPUT).read_to_string(&mut text).context("read the password from standard input")?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn drawn() -> Zeroizing<String> {
    let bytes = Zeroizing::new(Entropy.bytes::<LETTERS_DRAWN>());
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    let groups: Vec<String> = bytes.chunks(LETTERS_TOGETHER).map(|group| group.iter().map(letter).collect()).collect();
    Zeroizing::new(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_names_are_plain() {
        assert_eq!(good_login(" Sam.Example ").unwrap(), "sam.example");
        for bad in ["", "s", "sam example", "sam\nx", &"s".repeat(41)] {
            assert!(good_login(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn drawn_passwords_are_taken_and_differ() {
        let (one, other) = (drawn(), drawn());
        assert_eq!(one.len(), LETTERS_DRAWN + 3);
        assert_ne!(*one, *other);
        assert!(new_password_hash(&one).is_ok());
    }
}
