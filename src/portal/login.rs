//! Getting in and out: an address is typed, a code comes to it, the code opens a session.
//!
//! Nothing that is answered here tells whether an address is listed: the page after the address is the same, a wrong code is the same
//! sentence, and costs a commit, whatever there was to be wrong about. A try is used up before the code is looked at, so that tries at the
//! same moment cannot all be the first.

use super::code::{MOST_TRIES, Wanted};
use super::{LONGEST_SESSION, Portal, PortalError};
use crate::import::address;
use crate::login::token::{SessionToken, random_text, session_token_hash};
use crate::progress::MOST_REPEATS;
use crate::store::endusers::{EnduserSessionRow, EnduserWrite, LoginCodeRow};
use crate::store::rows::ThrottleRow;
use crate::store::{Commit, Outcome, StoreError, Write};
use crate::vault::sealed::BlindIndex;
use domain::channel::Means;
use domain::directory::Person;
use domain::id::{LoginCodeId, OrganizationKey, PersonKey};
use domain::language::Language;
use domain::sealed::Address;
use std::collections::BTreeSet;
use std::fmt;
use subtle::ConstantTimeEq;

/// The longest address that is looked at, in characters.
const LONGEST_TYPED: usize = 254;

/// Somebody logged in: the persons who are listed at the address by which they did.
#[derive(Clone)]
pub struct Enduser {
    /// Who they are, in each of their organizations; never empty.
    pub(super) persons: Vec<Listed>,
    /// Everybody who shares a mail address or a number for texts with them: for leaving out (R42), these are the same human.
    pub(super) same: BTreeSet<PersonKey>,
    index: BlindIndex,
    csrf: String,
    token_hash: [u8; 32],
}

/// A person with their organization's name.
#[derive(Debug, Clone)]
pub struct Listed {
    /// As the directory has them.
    pub person: Person,
    /// Their organization's name.
    pub organization_name: String,
}

impl fmt::Debug for Enduser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.persons.iter().map(|listed| &listed.person.key)).finish()
    }
}

impl Enduser {
    /// Somebody who is these persons, for tests of the rules.
    #[cfg(test)]
    pub(super) fn of(persons: impl Iterator<Item = Person>, also: impl Iterator<Item = PersonKey>) -> Self {
        let persons: Vec<_> = persons.map(|person| Listed { organization_name: person.organization.to_string(), person }).collect();
        let same = persons.iter().map(|listed| listed.person.key.clone()).chain(also).collect();
        Self { persons, same, index: BlindIndex([0; 32]), csrf: String::new(), token_hash: [0; 32] }
    }
    /// The language of the first of them.
    pub fn language(&self) -> Language {
        self.persons.first().map_or(Language::En, |listed| listed.person.language)
    }
    /// The secret for this session's forms.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }
    /// Whether a form sent the right secret.
    pub fn csrf_fits(&self, sent: &str) -> bool {
        self.csrf.as_bytes().ct_eq(sent.as_bytes()).into()
    }
    /// "Principal, Delta High School", for each of them.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.persons.iter().map(|listed| (listed.person.role.as_str(), listed.organization_name.as_str()))
    }
    /// Whether this person is one of them: for the receipt page, which then needs no code.
    pub fn is(&self, person: &PersonKey) -> bool {
        self.persons.iter().any(|listed| listed.person.key == *person)
    }
    /// Their organizations.
    pub(super) fn organizations(&self) -> Vec<OrganizationKey> {
        let all: BTreeSet<_> = self.persons.iter().map(|listed| listed.person.organization.clone()).collect();
        all.into_iter().collect()
    }
}

impl Portal {
    /// Whether a code can be sent by these means: not by a call, which a whole office may hear.
    pub const fn logs_in_by(means: Means) -> bool {
        match means {
            Means::Mail | Means::Text => true,
            Means::Call => false,
        }
    }

    /// Wants a code for what was typed. The answer, and the time it takes, are the same for an address that is not listed.
    pub fn ask(&self, typed: &str) -> Result<LoginCodeId, PortalError> {
        let id = LoginCodeId::new(self.desk.entropy.uuid());
        match read_address(typed) {
            Some(address) => self.wanted.try_send(Wanted { id, address }).map(|()| id).map_err(|_| PortalError::Busy),
            None => Ok(id),
        }
    }

    /// Takes a code and opens a session.
    pub async fn enter(&self, id: &str, typed: &str) -> Result<SessionToken, PortalError> {
        for _ in 0..MOST_REPEATS {
            let row = match id.parse::<LoginCodeId>() {
                Ok(id) => self.desk.store.login_code(id).await?,
                Err(_) => None,
            };
            let now = self.now();
            let Some(row) = row.filter(|row| row.tries < MOST_TRIES && row.expires_at > now) else {
                self.as_dear_as_a_try().await?;
                return Err(PortalError::WrongCode);
            };
            let tried = LoginCodeRow { tries: row.tries + 1, ..row.clone() };
            if self.write(EnduserWrite::LoginCode(tried.clone())).await? == Outcome::Conflict {
                continue;
            }
            if !self.desk.vault.is_login_code(row.id, typed, &row.mac) {
                metrics::counter!(crate::telemetry::metric::WRONG_LOGIN_CODES).increment(1);
                return Err(PortalError::WrongCode);
            }
            let used = LoginCodeRow { tries: MOST_TRIES, version: row.version + 1, ..tried };
            return self.open_session(used).await;
        }
        Err(PortalError::Busy)
    }

    async fn open_session(&self, used: LoginCodeRow) -> Result<SessionToken, PortalError> {
        let (token, token_hash) = SessionToken::new(&self.desk.entropy);
        let now = self.now();
        let session = EnduserSessionRow {
            token_hash,
            index: used.index,
            csrf: random_text(&self.desk.entropy),
            created_at: now,
            expires_at: now.saturating_add(LONGEST_SESSION).unwrap_or(now),
        };
        let writes = [EnduserWrite::LoginCode(used), EnduserWrite::Session(session)].map(|write| Write::Enduser(Box::new(write)));
        match self.commit(Commit { writes: writes.into(), ..Commit::default() }).await? {
            Outcome::Committed(_) | Outcome::Duplicate => Ok(token),
            // Somebody used the same right code at the same moment: it opens one session.
            Outcome::Conflict => Err(PortalError::WrongCode),
        }
    }

    /// A code that is not there costs a commit, as one that is there does.
    async fn as_dear_as_a_try(&self) -> Result<(), StoreError> {
        let row = ThrottleRow { name: "portal-none".to_owned(), failures: 1, not_before: self.now() };
        self.commit(Commit { writes: vec![Write::Throttle(row)], ..Commit::default() }).await.map(|_| ())
    }

    /// Who this cookie's token stands for; `None` when the session is over, or nobody is listed at its address any more.
    pub async fn session(&self, presented: &str) -> Result<Option<Enduser>, PortalError> {
        let Some(hash) = session_token_hash(presented) else { return Ok(None) };
        let Some(row) = self.desk.store.enduser_session(hash, self.now()).await? else { return Ok(None) };
        let directory = self.desk.directory.read().await?;
        let keys: BTreeSet<PersonKey> = self.at(row.index).await?;
        let listed = |key: &PersonKey| directory.persons.values().flatten().find(|person| person.key == *key);
        let persons: Vec<Listed> = keys
            .iter()
            .filter_map(listed)
            .map(|person| Listed {
                person: person.clone(),
                organization_name: directory.organization(&person.organization).map_or_else(String::new, |one| one.name.clone()),
            })
            .collect();
        if persons.is_empty() {
            return Ok(None);
        }
        let same = self.same_humans(&keys).await?;
        Ok(Some(Enduser { persons, same, index: row.index, csrf: row.csrf, token_hash: row.token_hash }))
    }

    /// Who can be written to at an address.
    async fn at(&self, index: BlindIndex) -> Result<BTreeSet<PersonKey>, StoreError> {
        let listed = self.desk.store.persons_at(index).await?;
        Ok(listed.into_iter().filter(|(_, means)| Self::logs_in_by(*means)).map(|(person, _)| person).collect())
    }

    /// These persons and everybody who shares a mail address or a number for texts with one of them.
    async fn same_humans(&self, persons: &BTreeSet<PersonKey>) -> Result<BTreeSet<PersonKey>, StoreError> {
        let mut same = persons.clone();
        for person in persons {
            for means in Means::ALL.into_iter().filter(|means| Self::logs_in_by(*means)) {
                for row in self.desk.store.addresses(person.clone(), means).await? {
                    if let Some(index) = row.index {
                        same.extend(self.at(index).await?);
                    }
                }
            }
        }
        Ok(same)
    }

    /// Ends a session.
    pub async fn logout(&self, who: &Enduser) -> Result<(), PortalError> {
        self.write(EnduserWrite::SessionEnd(who.token_hash)).await?;
        Ok(())
    }

    /// Ends every session of the address: on a lost phone, too.
    pub async fn logout_everywhere(&self, who: &Enduser) -> Result<(), PortalError> {
        self.write(EnduserWrite::SessionsEnd(who.index)).await?;
        Ok(())
    }

    pub(super) async fn write(&self, write: EnduserWrite) -> Result<Outcome, StoreError> {
        self.commit(Commit { writes: vec![Write::Enduser(Box::new(write))], ..Commit::default() }).await
    }
}

/// An address as people type it: a mail address, or a number with spaces, dashes and brackets, in North America also without its country.
fn read_address(typed: &str) -> Option<Address> {
    let typed: String = typed.trim().chars().take(LONGEST_TYPED + 1).collect();
    if typed.contains('@') {
        return address::mail(&typed).ok();
    }
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && !"-().\u{2011}\u{2013}/".contains(*c)).collect();
    let whole = match (digits.strip_prefix('+'), digits.len()) {
        (Some(_), _) => digits,
        (None, ..10) => return None,
        (None, 10) => format!("+1{digits}"),
        (None, 11..) => format!("+{digits}"),
    };
    address::phone(&whole).ok()
}

#[cfg(test)]
mod tests {
    use super::read_address;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        let read = |typed: &str| read_address(typed).map(|address| address.reveal().to_owned());
        for typed in ["+12175550142", "(217) 555-0142", "217.555.0142", " 1 217 555 0142 "] {
            assert_eq!(read(typed).as_deref(), Some("+12175550142"), "{typed}");
        }
        assert_eq!(read(" principal@example.org ").as_deref(), Some("principal@example.org"));
        for typed in ["", "principal", "a@b", "555-0142", &"1".repeat(999)] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }
}
