//! The `[database]` section: a file of this machine, or a server that several nodes share.

use super::error::ConfigError;
use super::section::Section;
use adapters::secret::Secret;
use std::fmt;
use std::path::{Path, PathBuf};

const FIX: &str = "write postgres://user:password@host:5432/name, or leave it empty for a file in data.folder";

/// Where everything is kept.
#[derive(Debug, Clone)]
pub enum Database {
    /// SQLite, for one node.
    File(PathBuf),
    /// PostgreSQL, for one node or several. The address holds a password.
    Server(Secret),
}

impl Database {
    /// From an address as it is configured or named on the command line; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let server = ["postgres://", "postgresql://"].iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
        server.then(|| Database::Server(Secret::new(text.to_owned())))
    }
}

/// The file, or the server without what is secret.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::File(path) => write!(f, "{}", path.display()),
            Database::Server(url) => {
                let rest = url.reveal().split_once("://").map_or("", |(_, rest)| rest);
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                f.write_str(place.split_once('?').map_or(place, |(place, _)| place))
            }
        }
    }
}

pub(super) fn read(root: &Section<'_>, data_folder: &Path) -> Result<Database, ConfigError> {
    let server = root.section("database", &["url"])?.maybe("url", FIX, Database::parse)?;
    Ok(server.unwrap_or_else(|| Database::File(data_folder.join("tipline.db"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let database = Database::parse("postgres://line:secret@db.example.org:5432/tips?sslmode=require").unwrap();
        assert_eq!(database.to_string(), "db.example.org:5432/tips");
        assert!(!format!("{database:?}").contains("secret"));
        assert!(Database::parse("mysql://x").is_none() && Database::parse("postgres://").is_none());
    }
}
