//! The kinds of fault by their names: which fit which database, and which may be on together.

use crate::Mistake;
use anyhow::Result;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// kill -9 of a node, which is started again.
    Kill,
    /// SIGTERM of a node, which is started again.
    Restart,
    /// A node stands still (SIGSTOP): a machine that is paused.
    Freeze,
    /// A disk fills up, or all of them.
    Disk,
    /// A carrier is away, slow, refuses, throttles, or takes and does not say so.
    Carrier,
    /// Callbacks come doubled, reordered, late or never.
    Callbacks,
    /// Webhooks that came before come again, by the thousand, while the rest is broken.
    Storm,
    /// kill -9 of PostgreSQL, which is started again.
    Server,
    /// kill -9 of some of its backends, or a word to them to end.
    Backend,
    /// A node's line to it is cut, silent or late.
    Line,
    /// kill -9 of PostgreSQL, whose replica takes over.
    Failover,
}

/// What a kind breaks. Of a process, and of a server, one thing breaks at a time: a frozen node cannot be asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// A storm blows through all that is broken after it began.
    Weather,
    /// Disks, carriers, lines.
    Ground,
    /// The database's server.
    Server,
    /// A node: last, so that it breaks while the rest is broken; and first to be mended.
    Process,
}

/// All kinds by the names of the option.
const KINDS: [(&str, Kind); 11] = [
    ("kill", Kind::Kill),
    ("restart", Kind::Restart),
    ("freeze", Kind::Freeze),
    ("disk", Kind::Disk),
    ("carrier", Kind::Carrier),
    ("callbacks", Kind::Callbacks),
    ("storm", Kind::Storm),
    ("server", Kind::Server),
    ("backend", Kind::Backend),
    ("line", Kind::Line),
    ("failover", Kind::Failover),
];

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// What it breaks.
    pub fn of(self) -> Of {
        match self {
            Kind::Storm => Of::Weather,
            Kind::Disk | Kind::Carrier | Kind::Callbacks | Kind::Line => Of::Ground,
            Kind::Server | Kind::Backend | Kind::Failover => Of::Server,
            Kind::Kill | Kind::Restart | Kind::Freeze => Of::Process,
        }
    }

    /// Whether there must be a server for it.
    fn needs_server(self) -> bool {
        self.of() == Of::Server || self == Kind::Line
    }
}

/// The kinds of these names; all that fit the database for none.
pub fn wanted(names: &[String], with_server: bool) -> Result<Vec<Kind>> {
    let fitting = |kind: &Kind| with_server || !kind.needs_server();
    if names.is_empty() {
        return Ok(KINDS.iter().map(|(_, kind)| *kind).filter(fitting).collect());
    }
    let kind = |name: &String| match KINDS.iter().find(|(known, _)| known == name) {
        Some((_, kind)) if fitting(kind) => Ok(*kind),
        Some(_) => {
            Err(Mistake(format!("--only {name}: SQLite has no server that could break; add --database postgres, or leave {name} out"))
                .into())
        }
        None => Err(Mistake(format!("--only {name}: the faults are {}", KINDS.map(|(name, _)| name).join(", "))).into()),
    };
    names.iter().map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_do_not_fit_the_database_are_not_drawn_and_are_a_mistake_when_named() {
        let fitting = wanted(&[], false).unwrap();
        assert!(fitting.contains(&Kind::Kill) && !fitting.contains(&Kind::Line) && !fitting.contains(&Kind::Failover));
        assert_eq!(wanted(&[], true).unwrap().len(), KINDS.len());
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(wanted(&names(&["kill", "line"]), true).unwrap(), [Kind::Kill, Kind::Line]);
        for (given, with_server, part) in [(["line"], false, "--database postgres"), (["lightning"], true, "kill, restart")] {
            let refused = wanted(&names(&given), with_server).unwrap_err();
            assert!(refused.downcast_ref::<Mistake>().is_some_and(|mistake| mistake.0.contains(part)), "{refused}");
        }
    }
}
