//! The directory as last imported, read at most every few seconds.

use crate::clock::Clock;
use crate::store::{Store, StoreError};
use domain::directory::{Directory, Person};
use domain::id::{OrganizationKey, PersonKey};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// How old a read directory may be: an import shows on every page within this time.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(5);

/// Reads the directory and keeps it for a moment.
#[derive(Clone)]
pub struct DirectoryReader {
    store: Arc<dyn Store>,
    clock: Clock,
    kept: Arc<Mutex<Option<Kept>>>,
}

/// A directory and when it was read.
type Kept = (Timestamp, Arc<Directory>);

impl DirectoryReader {
    /// A reader of this store.
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { store, clock, kept: Arc::default() }
    }
    /// The directory.
    pub async fn read(&self) -> Result<Arc<Directory>, StoreError> {
        let now = self.clock.now();
        if let Some((at, directory)) = &*self.kept.lock().unwrap_or_else(PoisonError::into_inner)
            && now.duration_since(*at) < FRESH_FOR
        {
            return Ok(directory.clone());
        }
        let rows = self.store.directory().await?;
        let directory = Arc::new(Directory::new(rows.organizations, rows.persons));
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, directory.clone()));
        Ok(directory)
    }
}

/// A person of an organization.
pub fn person<'a>(directory: &'a Directory, organization: &OrganizationKey, person: &PersonKey) -> Option<&'a Person> {
    directory.persons_of(organization).iter().find(|listed| listed.key == *person)
}
