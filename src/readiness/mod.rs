//! Whether this node can take what comes, and whether all is well: part by part, each with a sentence that says why not.
//!
//! The two are not the same. A node is *ready* as long as what comes in becomes durable, in the store or in its spool: a balancer that took it away for
//! anything else would lose tips. All is *well* only when every promise has a timer, nothing waits longer than its lane explains, every
//! lane is somebody's, the clock is sane and the carriers are trusted; that is what the heartbeat tells the watchdog.

mod parts;
mod steps;

pub use parts::Part;

use crate::clock::Clock;
use crate::desk::directory::DirectoryReader;
use crate::progress::routes::Routes;
use crate::spool::Spool;
use crate::store::pulse::Pulse;
use crate::store::{Commit, Store, StoreError, Write};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use steps::Steps;
use tokio_util::sync::CancellationToken;

/// A store that needs longer for a look at what is open is away.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

/// What was tried last for readiness: its value is when.
const ASKED: &str = "ready_asked_at";

/// What looks.
#[derive(Clone)]
pub struct Readiness {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Clock,
    /// What waits while the store is away.
    pub spool: Spool,
    /// The lanes, and whether they are trusted.
    pub routes: Arc<Routes>,
    /// Who could be told.
    pub directory: DirectoryReader,
    /// Told when the node is about to stop.
    pub leaving: CancellationToken,
    /// How long work may wait beyond what its lane's pace explains.
    pub patience: Duration,
    /// Whether the clock has stepped.
    pub steps: Arc<Steps>,
}

/// What a look found.
#[derive(Debug, Clone)]
pub struct Report {
    /// What is wrong, by part.
    pub troubles: BTreeMap<Part, String>,
    /// Whether what comes in becomes durable here, and where.
    pub takes: Takes,
    /// What is open, when the store answered.
    pub pulse: Option<Pulse>,
}

/// Whether what comes in becomes durable here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// In the store.
    Stores,
    /// In the spool: the store is away, or letters wait before what comes.
    Spools,
    /// Nowhere.
    Nothing,
    /// It would, but the node is about to stop.
    Leaving,
}

impl Report {
    /// Whether a balancer may send somebody here.
    pub const fn is_ready(&self) -> bool {
        match self.takes {
            Takes::Stores | Takes::Spools => true,
            Takes::Nothing | Takes::Leaving => false,
        }
    }
    /// Whether all is well.
    pub fn is_sound(&self) -> bool {
        self.troubles.is_empty()
    }
    /// What is wrong, in one line.
    pub fn why(&self) -> String {
        self.troubles.iter().map(|(part, why)| format!("{}: {why}", part.word())).collect::<Vec<_>>().join("; ")
    }
}

impl Readiness {
    /// Looks at everything now.
    pub async fn look(&self) -> Report {
        let now = self.clock.now();
        let pulse = self.open_work(now).await;
        let (holds, would_take) = (self.spool.holds(), self.spool.would_take().await);
        let mut troubles = BTreeMap::new();
        let mut note = |part: Part, trouble: Option<String>| {
            troubles.extend(trouble.map(|why| (part, why)));
        };
        note(Part::Stopping, self.is_leaving().then(|| "this node was told to stop".to_owned()));
        note(Part::Database, pulse.as_ref().err().cloned());
        note(Part::Spool, parts::spool(&holds, &would_take, pulse.is_ok(), now, self.patience));
        note(Part::Clock, self.steps.look(&self.clock));
        note(Part::Carriers, parts::carriers(&self.routes));
        match &pulse {
            Ok(pulse) => {
                note(Part::Leases, parts::leases(&self.routes, pulse));
                note(Part::Work, parts::work(&self.routes, pulse, now, self.patience));
                note(Part::Directory, self.directory_trouble().await);
            }
            Err(_) => {
                for part in [Part::Leases, Part::Work, Part::Directory] {
                    note(part, Some("not known while the database is away".to_owned()));
                }
            }
        }
        let spools = would_take.is_ok() && !holds.refuses;
        let takes = match (&pulse, holds.letters) {
            _ if self.is_leaving() => Takes::Leaving,
            (Ok(_), 0) => Takes::Stores,
            (Ok(_) | Err(_), _) if spools => Takes::Spools,
            (Ok(_) | Err(_), _) => Takes::Nothing,
        };
        Report { troubles, takes, pulse: pulse.ok() }
    }

    /// What is open, when the store answers *and* writes; else a clause. A disk that only reads would be found out by nothing else.
    async fn open_work(&self, now: Timestamp) -> Result<Pulse, String> {
        let asked = async {
            let pulse = self.store.pulse(now).await?;
            self.store.commit(Commit { writes: vec![Write::Meta(ASKED, now.to_string())], ..Commit::default() }).await?;
            Ok::<_, StoreError>(pulse)
        };
        match tokio::time::timeout(STORE_PATIENCE, asked).await {
            Ok(Ok(pulse)) => Ok(pulse),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("the store does not answer within {} s", STORE_PATIENCE.as_secs())),
        }
    }

    fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    async fn directory_trouble(&self) -> Option<String> {
        match tokio::time::timeout(STORE_PATIENCE, self.directory.read()).await {
            Ok(Ok(directory)) if directory.schools().is_empty() => {
                Some("no school is in the directory, so nobody could be told: tipline directory import".to_owned())
            }
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(format!("{error}")),
            Err(_) => Some(format!("it was not read within {} s", STORE_PATIENCE.as_secs())),
        }
    }
}
