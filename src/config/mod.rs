//! The configuration: read once at the start, into types that need no further check.
//!
//! Three layers: `config/default.toml` (embedded; every key with its meaning), the operator's file, variables `TIPLINE__…`.
//! Everything that can be wrong is one sentence that names the place, the value and the fix. Secrets are in a type that
//! shows nothing. Carriers and the database are not asked here.

pub mod account;
mod calendars;
mod chat;
pub mod database;
pub mod dkim;
pub mod drills;
mod error;
mod layers;
mod links;
pub mod mailbox;
pub mod operations;
pub mod origin;
mod section;
mod site;
mod spool;
mod suggest;
pub mod telnyx;
mod timing;
mod warnings;

#[cfg(test)]
mod tests;

pub use account::Account;
pub use chat::Chat;
pub use database::Database;
pub use error::ConfigError;
pub use layers::{Environment, environment};
pub use links::Links;
pub use site::{HelpLine, Reporters};
pub use timing::{Limits, Media, Outbox, Reconcile};

use crate::import::address::{PHONE_FIX, phone};
use crate::vault::keys::{KEY_VARIABLE, KeyError, MasterKey};
use adapters::secret::Secret;
use domain::calendar::Calendar;
use domain::dispatch::policy::Policy;
use domain::id::CalendarKey;
use domain::level::Catalogue;
use domain::sealed::Address;
use jiff::tz::TimeZone;
use layers::Layers;
use origin::Origin;
use section::Section;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const SECTIONS: [&str; 25] = [
    "site",
    "help",
    "public",
    "staff",
    "ops",
    "data",
    "database",
    "spool",
    "keys",
    "line",
    "outbox",
    "links",
    "reconcile",
    "media",
    "limits",
    "chat",
    "dispatch",
    "drills",
    "log",
    "traces",
    "shutdown",
    "heartbeat",
    "account",
    "tip_type",
    "calendar",
];
const HOTLINE_FIX: &str = "write which schools the hotline is for, as it is spoken, at most 60 characters";
const LISTEN_FIX: &str = "write address and port, such as 127.0.0.1:8080 or [::1]:8080";

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Webhooks and receipt pages.
    pub public: Site,
    /// Console and API.
    pub staff: Site,
    /// Health and metrics.
    pub ops_listen: SocketAddr,
    /// The folder of what this node keeps.
    pub data_folder: PathBuf,
    /// Where everything is kept.
    pub database: Database,
    /// Where letters wait while the database is away.
    pub spool: crate::spool::Options,
    /// The tip line itself.
    pub line: Line,
    /// The reporter's pages.
    pub reporters: Reporters,
    /// The outbox.
    pub outbox: Outbox,
    /// Testing the roads to the carriers.
    pub links: Links,
    /// Looking for what was not told.
    pub reconcile: Reconcile,
    /// Pictures, recordings and files.
    pub media: Media,
    /// Bounds of requests.
    pub limits: Limits,
    /// The app chat.
    pub chat: Chat,
    /// Logs, traces, the heartbeat, the end.
    pub operations: operations::Operations,
    /// When schools are drilled by themselves.
    pub drills: drills::Drills,
    /// The carriers.
    pub accounts: Vec<Account>,
    policy: Policy,
    catalogue: Catalogue,
    calendars: BTreeMap<CalendarKey, Calendar>,
    master_file: Option<PathBuf>,
    master_variable: Option<Secret>,
}

/// A listener with the origin under which it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How it is reached.
    pub origin: Origin,
}

/// The tip line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// The number that endusers call back.
    pub call_back: Option<Address>,
    /// The number that students text.
    pub text_number: Option<Address>,
    /// The desk's number, which callers can be connected with.
    pub desk: Option<Address>,
    /// The hotline that callers can be connected with, and the name of the schools it is for (R51).
    pub hotline: Option<(Address, String)>,
    /// The number that reporters call.
    pub call_number: Option<Address>,
    /// The zone that times are shown in.
    pub zone: TimeZone,
}

impl Config {
    /// Reads the layers. Without a path only defaults and environment count.
    pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let layers = Layers::read(path, environment)?;
        let root = Section::root(&layers, &SECTIONS)?;
        let line = line(&root)?;
        let data_folder = root.section("data", &["folder"])?.parsed("folder", "name a folder", |text| Some(PathBuf::from(text)))?;
        let config = Self {
            public: site(&root, "public")?,
            staff: site(&root, "staff")?,
            ops_listen: listen(&root.section("ops", &["listen"])?)?,
            spool: spool::read(&root, &data_folder)?,
            database: database::read(&root, &data_folder)?,
            reporters: site::read(&root)?,
            outbox: timing::outbox(&root)?,
            links: links::read(&root)?,
            reconcile: timing::reconcile(&root)?,
            media: timing::media(&root, &data_folder)?,
            data_folder,
            limits: timing::limits(&root)?,
            chat: chat::read(&root)?,
            operations: operations::read(&root, environment)?,
            drills: drills::read(&root)?,
            accounts: account::read(&root, environment)?,
            policy: timing::policy(&root)?,
            catalogue: calendars::catalogue(&root)?,
            calendars: calendars::calendars(&root, &line.zone)?,
            master_file: root.section("keys", &["master_file"])?.maybe("master_file", "", |text| Some(PathBuf::from(text)))?,
            master_variable: environment.get(KEY_VARIABLE).filter(|text| !text.is_empty()).map(|text| Secret::new(text.clone())),
            line,
        };
        config.refuse_shared_ports(&root)?;
        Ok(config)
    }

    /// The types of tips.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
    /// The business calendars, by key.
    pub fn calendars(&self) -> &BTreeMap<CalendarKey, Calendar> {
        &self.calendars
    }
    /// How a dispatch behaves in time.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
    /// The zone that times are shown in.
    pub fn zone(&self) -> &TimeZone {
        &self.line.zone
    }
    /// The master key, and where it came from: the variable `TIPLINE_MASTER_KEY`, or else the file.
    pub fn master_key(&self) -> Result<(MasterKey, String), KeyError> {
        MasterKey::load(self.master_variable.as_ref().map(Secret::reveal), self.master_file.as_deref())
    }
    /// What is allowed but hardly meant, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        warnings::of(self)
    }

    fn refuse_shared_ports(&self, root: &Section<'_>) -> Result<(), ConfigError> {
        let fix = |other: &str| format!("{other} has the same; give each listener its own port");
        for (key, one, other_key, other) in [
            ("staff.listen", self.staff.listen, "public.listen", self.public.listen),
            ("ops.listen", self.ops_listen, "public.listen", self.public.listen),
            ("ops.listen", self.ops_listen, "staff.listen", self.staff.listen),
        ] {
            if one == other && one.port() != 0 {
                return Err(root.bad(key, &one.to_string(), &fix(other_key)));
            }
        }
        Ok(())
    }
}

fn site(root: &Section<'_>, name: &str) -> Result<Site, ConfigError> {
    let section = root.section(name, &["listen", "origin"])?;
    Ok(Site { listen: listen(&section)?, origin: section.parsed("origin", Origin::FIX, Origin::parse)? })
}

/// A hotline is offered by the name of its schools, so it needs both.
fn hotline(section: &Section<'_>, number: Option<Address>) -> Result<Option<(Address, String)>, ConfigError> {
    match (number, section.maybe("hotline_for", HOTLINE_FIX, short_name)?) {
        (Some(number), Some(schools)) => Ok(Some((number, schools))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(section.missing("hotline_for", HOTLINE_FIX)),
        (None, Some(_)) => Err(section.missing("hotline_number", "write the hotline's number too, or leave both out")),
    }
}

fn short_name(text: &str) -> Option<String> {
    (text.chars().count() <= 60 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn listen(section: &Section<'_>) -> Result<SocketAddr, ConfigError> {
    section.parsed("listen", LISTEN_FIX, |text| text.parse().ok())
}

fn line(root: &Section<'_>) -> Result<Line, ConfigError> {
    let section =
        root.section("line", &["name", "call_back", "text_number", "call_number", "desk_number", "hotline_number", "hotline_for", "zone"])?;
    let number = |key: &str| section.maybe(key, PHONE_FIX, |text| phone(text).ok());
    Ok(Line {
        name: section.parsed("name", "write the name that people know the line by, at most 60 characters", short_name)?,
        call_back: number("call_back")?,
        text_number: number("text_number")?,
        desk: number("desk_number")?,
        hotline: hotline(&section, number("hotline_number")?)?,
        call_number: number("call_number")?,
        zone: section.parsed("zone", calendars::ZONE_FIX, calendars::zone)?,
    })
}
