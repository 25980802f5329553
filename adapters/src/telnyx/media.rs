//! Pictures of texts and recordings of calls. This carrier names its store itself, so a download may begin at any public address over TLS,
//! then without our key; what lies at the API itself is opened with it.
//!
//! Addresses of recordings are good for some minutes only, so one that is refused is not asked for again for long: the shell's patience ends
//! it. What lies in the store cannot be deleted by its address; the carrier removes it after its own time, and that is said.

use super::config::{Config, ConfigError};
use crate::contract::{BoxFuture, FetchError, Fetched, Media};
use crate::media::fetcher::{Begins, Credentials, Fetcher, Settings};
use domain::sealed::Words;
use std::sync::Arc;

/// Fetches and deletes the media of one account.
pub struct TelnyxMedia {
    config: Arc<Config>,
    fetcher: Fetcher,
}

impl TelnyxMedia {
    /// Checks the configuration; opens no connection yet.
    pub fn new(config: Arc<Config>) -> Result<Self, ConfigError> {
        config.check()?;
        let home = reqwest::Url::parse(&config.api_base).map_err(|_| ConfigError::ApiBase { account: config.account.clone() })?;
        let settings = Settings {
            home,
            allowed: config.allow_private_media.clone(),
            silence: config.request_timeout,
            total: config.media_timeout,
            begins: Begins::Anywhere,
        };
        let fetcher = Fetcher::new(settings).map_err(|source| ConfigError::Client { account: config.account.clone(), source })?;
        Ok(Self { config, fetcher })
    }

    fn credentials(&self) -> Credentials<'_> {
        Credentials::Bearer(self.config.api_key.reveal())
    }
}

impl Media for TelnyxMedia {
    fn fetch<'a>(&'a self, url: &'a Words, most_bytes: usize) -> BoxFuture<'a, Result<Fetched, FetchError>> {
        Box::pin(async move {
            let missing = if url.reveal().contains("/recordings/") {
                FetchError::Later("the recording is not there yet".to_owned())
            } else {
                FetchError::Never("the carrier has it no more")
            };
            self.fetcher.fetch(url.reveal(), self.credentials(), most_bytes, &missing).await
        })
    }

    fn delete<'a>(&'a self, url: &'a Words) -> BoxFuture<'a, Result<(), FetchError>> {
        Box::pin(async move { self.fetcher.delete(&record(url.reveal()), self.credentials()).await })
    }
}

/// The record that an address of the API belongs to: the same without the ending of its format.
fn record(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let stem = path[last..].find('.').map_or(path.len(), |dot| last + dot);
    path[..stem].to_owned()
}
