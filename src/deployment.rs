//! A deployment's database together with the key that sealed it.
//!
//! Used by `serve` and by every command that reads or writes: a missing, malformed or wrong key is refused here, before
//! anything else happens, and the first start with a new database writes down which key it belongs to.

use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::entropy::Entropy;
use crate::lifecycle::Tasks;
use crate::live::Live;
use crate::store::commit::Once;
use crate::store::postgres::{self, Postgres};
use crate::store::sqlite::Sqlite;
use crate::store::{Commit, News, Options, Store, Write, copy};
use crate::vault::Vault;
use crate::vault::keys::KeyError;
use std::sync::Arc;

/// The name under which the check value of the master key is kept.
pub(crate) const KEY_CHECK: &str = "master_key_check";

/// What is said of a configuration without accounts: `serve` does not start with it, and `check-config` does not call it good.
pub(crate) const NO_ACCOUNT: &str = "no account is configured, so nothing could be received or sent: add an [[account]]";

/// Something that the operator has to mend before the gateway starts: one sentence, exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// A refusal in this error's words.
pub(crate) fn refusal(error: impl std::fmt::Display) -> anyhow::Error {
    Refusal(error.to_string()).into()
}

/// A server that is away may be back at the next try, with nothing mended: that is no mistake, so whoever started this program may try again.
fn not_opened(error: postgres::OpenError) -> anyhow::Error {
    if error.is_away() { error.into() } else { refusal(error) }
}

/// The store of this deployment, sealed by this key. Used by `serve` and by the commands that write. One that was moved away, or that is
/// only half there, is refused.
pub async fn open(config: &Config, tasks: &Tasks, live: &Live, migrate: bool) -> anyhow::Result<(Arc<dyn Store>, Arc<Vault>)> {
    let (store, vault) = open_marked(config, tasks, live, migrate).await?;
    match refuse_marked(config, &*store).await {
        Ok(()) => {}
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    }
    Ok((store, vault))
}

/// Refuses a database that a copy has left a mark in.
async fn refuse_marked(config: &Config, store: &dyn Store) -> anyhow::Result<()> {
    let name = config.database.to_string();
    if store.meta(copy::UNFINISHED).await?.is_some() {
        return Err(refusal(copy::unfinished(&name)));
    }
    match store.meta(copy::MOVED).await? {
        Some(mark) => Err(refusal(copy::moved(&mark, &name))),
        None => Ok(()),
    }
}

/// The same whatever marks are in it: for whoever finishes a copy.
pub(crate) async fn open_marked(
    config: &Config,
    tasks: &Tasks,
    live: &Live,
    migrate: bool,
) -> anyhow::Result<(Arc<dyn Store>, Arc<Vault>)> {
    let (master, source) = config.master_key().map_err(refusal)?;
    make_folder(&config.data_folder)?;
    let vault = Arc::new(Vault::new(&master, Entropy));
    let live = live.clone();
    let on_news = Arc::new(move |news: &News| live.hear(news));
    let spawner = tasks.clone();
    let spawn = move |name: &'static str, task| spawner.spawn(name, task);
    let options = Options { migrate, on_news };
    let store = match &config.database {
        Database::File(path) => Sqlite::open(path, options, &spawn).await.map_err(refusal)?,
        Database::Server(url) => Postgres::open(url.reveal(), options, &spawn).await.map_err(not_opened)?,
    };
    match store.meta(KEY_CHECK).await? {
        Some(check) if check == vault.check_value() => {}
        Some(_) => {
            store.close().await;
            return Err(refusal(KeyError::Wrong(source)));
        }
        None => {
            // Of nodes that start at the same moment the first decides which key it is.
            let once = Once { account: "deployment".parse()?, key: KEY_CHECK.to_owned(), at: Clock::System.now() };
            let writes = vec![Write::Meta(KEY_CHECK, vault.check_value().to_owned())];
            store.commit(Commit { once: Some(once), writes, ..Commit::default() }).await?;
            if store.meta(KEY_CHECK).await?.as_deref() != Some(vault.check_value()) {
                store.close().await;
                return Err(refusal(KeyError::Wrong(source)));
            }
        }
    }
    Ok((store, vault))
}

/// The store for reading only, also while `serve` runs on it. The key is checked all the same: a wrong one is told, whatever is read.
pub async fn open_to_read(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let (master, source) = config.master_key().map_err(refusal)?;
    let vault = Vault::new(&master, Entropy);
    let store = match &config.database {
        Database::File(path) => Sqlite::open_to_read(path).await.map_err(refusal)?,
        Database::Server(url) => Postgres::open_to_read(url.reveal()).await.map_err(not_opened)?,
    };
    match store.meta(KEY_CHECK).await? {
        Some(check) if check == vault.check_value() => Ok(store),
        Some(_) => Err(refusal(KeyError::Wrong(source))),
        None => Err(refusal(format!("the database {} was never used: run `tipline migrate`", config.database))),
    }
}

/// The file in the data folder that says with which key this node has served.
const SERVED: &str = "served";

/// Notes that this node serves the deployment of this key: next time it need not wait for the database with closed doors.
pub(crate) fn remember_served(config: &Config, vault: &Vault) -> anyhow::Result<()> {
    if has_served(config, vault) {
        return Ok(());
    }
    let (path, half) = (config.data_folder.join(SERVED), config.data_folder.join("served.half"));
    let written = std::fs::write(&half, format!("{}\n", vault.check_value())).and_then(|()| std::fs::rename(&half, &path));
    written.map_err(|error| refusal(format!("{} cannot be written ({}): let this user write there", path.display(), error.kind())))
}

/// Whether this node has served the deployment of this key before. What it seals without having asked the database can then be opened there.
pub(crate) fn has_served(config: &Config, vault: &Vault) -> bool {
    std::fs::read_to_string(config.data_folder.join(SERVED)).is_ok_and(|kept| kept.trim() == vault.check_value())
}

/// Makes the database's folder, for its owner only, if it is missing.
pub(crate) fn make_folder(folder: &std::path::Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        refusal(format!(
            "data.folder {} cannot be made ({}): let this user write there, or name another folder",
            folder.display(),
            error.kind()
        ))
    })
}

/// How this run is named in leases; it lies in the data folder, in the file `node`. The owner of a database file keeps the name drawn at the
/// first start: what a killed run held is given back at the next start instead of waiting for its leases to end. On a server every run
/// draws its own, so that two nodes that were given copies of one data folder are two all the same.
pub(crate) fn run_name(config: &Config) -> anyhow::Result<String> {
    match &config.database {
        Database::File(_) => node_name(config),
        Database::Server(_) => drawn_name(config),
    }
}

/// The name that lies in the data folder; drawn, if there is none.
pub(crate) fn node_name(config: &Config) -> anyhow::Result<String> {
    match std::fs::read_to_string(config.data_folder.join("node")) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
        Ok(_) | Err(_) => drawn_name(config),
    }
}

fn drawn_name(config: &Config) -> anyhow::Result<String> {
    let (path, name) = (config.data_folder.join("node"), Entropy.uuid().simple().to_string());
    std::fs::write(&path, format!("{name}\n"))
        .map_err(|error| refusal(format!("{} cannot be written ({}): let this user write there", path.display(), error.kind())))?;
    Ok(name)
}
