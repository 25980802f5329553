//! Pictures of messages and recordings of calls, which wait at the carrier under an address of its API (carriers.md 1.4).
//!
//! What is fetched begins at the configured API's host with Basic auth, whether or not the carrier asks for it, and goes on without. A
//! recording is asked for as sound (`.wav`); right after the call it may not be there yet, so its 404 means "later", while a picture's
//! means "gone". Deleting speaks to the record itself (`.json`).

use super::config::{Config, ConfigError};
use crate::contract::{BoxFuture, FetchError, Fetched, Media};
use crate::media::fetcher::{Begins, Credentials, Fetcher, Settings};
use domain::sealed::Words;
use std::sync::Arc;

/// Fetches and deletes the media of one account.
pub struct TwilioMedia {
    config: Arc<Config>,
    fetcher: Fetcher,
}

impl TwilioMedia {
    /// Checks the configuration; opens no connection yet.
    pub fn new(config: Arc<Config>) -> Result<Self, ConfigError> {
        config.check()?;
        let home = reqwest::Url::parse(&config.api_base).map_err(|_| ConfigError::ApiBase { account: config.account.clone() })?;
        let settings = Settings {
            home,
            allowed: config.allow_private_media.clone(),
            silence: config.request_timeout,
            total: config.media_timeout,
            begins: Begins::AtHome,
        };
        let fetcher = Fetcher::new(settings).map_err(|source| ConfigError::Client { account: config.account.clone(), source })?;
        Ok(Self { config, fetcher })
    }

    fn credentials(&self) -> Credentials<'_> {
        let (user, password) = self.config.credentials();
        Credentials::Basic { user, password }
    }
}

impl Media for TwilioMedia {
    fn fetch<'a>(&'a self, url: &'a Words, most_bytes: usize) -> BoxFuture<'a, Result<Fetched, FetchError>> {
        Box::pin(async move {
            let (url, missing) = if is_recording(url.reveal()) {
                (with_ending(url.reveal(), ".wav"), FetchError::Later("the recording is not there yet".to_owned()))
            } else {
                (url.reveal().to_owned(), FetchError::Never("the carrier has it no more"))
            };
            self.fetcher.fetch(&url, self.credentials(), most_bytes, &missing).await
        })
    }

    fn delete<'a>(&'a self, url: &'a Words) -> BoxFuture<'a, Result<(), FetchError>> {
        Box::pin(async move { self.fetcher.delete(&with_ending(url.reveal(), ".json"), self.credentials()).await })
    }
}

/// Whether an address names a call's recording and not a message's medium.
fn is_recording(url: &str) -> bool {
    url.split(['?', '#']).next().is_some_and(|path| path.contains("/Recordings/"))
}

/// The same record in another form: `RE…` and `RE….mp3` become `RE….wav`. Ids of this carrier's media have no dot.
fn with_ending(url: &str, ending: &str) -> String {
    let path_end = url.find(['?', '#']).unwrap_or(url.len());
    let (path, query) = url.split_at(path_end);
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let stem_end = path[last..].find('.').map_or(path.len(), |dot| last + dot);
    format!("{}{ending}{query}", &path[..stem_end])
}

#[cfg(test)]
mod tests {
    use super::{is_recording, with_ending};

    #[test]
    fn a_record_is_named_in_the_form_that_is_wanted() {
        let table = [
            ("https://api.example.org/v1/Recordings/RE1", ".wav", "https://api.example.org/v1/Recordings/RE1.wav"),
            ("https://api.example.org/v1/Recordings/RE1.mp3", ".wav", "https://api.example.org/v1/Recordings/RE1.wav"),
            ("https://api.example.org/v1/Recordings/RE1.wav?x=1.2", ".json", "https://api.example.org/v1/Recordings/RE1.json?x=1.2"),
            ("https://api.example.org/Messages/MM1/Media/ME1", ".json", "https://api.example.org/Messages/MM1/Media/ME1.json"),
            ("", ".json", ".json"),
        ];
        for (url, ending, expected) in table {
            assert_eq!(with_ending(url, ending), expected);
        }
        assert!(is_recording("https://api.example.org/Recordings/RE1"));
        assert!(!is_recording("https://api.example.org/Messages/MM1/Media/ME1?/Recordings/"));
    }
}
