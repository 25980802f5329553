//! One medium, hop by hop: credentials to the carrier's own host and to no other, each redirect checked before it is followed.
//!
//! Two HTTP clients keep the two worlds apart: `home` speaks with the configured host and those that the operator allows, `outside`
//! can connect to nothing but public addresses over TLS, whatever a name resolves to, and asks no proxy (a proxy would look the
//! name up again). Bytes are counted as they come. No error holds a URL: it names the reporter's message.

use super::allowance::Allowance;
use super::public_address::{NotPublic, PublicOnly, is_public};
use crate::contract::{FetchError, Fetched};
use http::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use std::net::IpAddr;
use std::time::Duration;

/// A carrier answers with one redirect, to its store; two more are left for the store.
const MOST_REDIRECTS: usize = 3;
/// Signed addresses of stores are one or two kilobytes long.
const MAX_URL_BYTES: usize = 8 * 1024;
/// A media type's name is cut after this many characters.
const MAX_CONTENT_TYPE_CHARS: usize = 100;
/// Connections kept open to one host.
const MAX_IDLE_CONNECTIONS: usize = 2;
/// How long one is kept.
const MAX_IDLE: Duration = Duration::from_secs(15);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a fetcher has to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The carrier's API, by scheme, host and port: nothing else gets credentials.
    pub home: Url,
    /// Hosts that a redirect may lead to although they are inside, or without TLS.
    pub allowed: Vec<Allowance>,
    /// How long the carrier may send nothing.
    pub silence: Duration,
    /// How long all of it may take, redirects included.
    pub total: Duration,
    /// Where it may begin.
    pub begins: Begins,
}

/// Fetches and deletes media of one account.
pub struct Fetcher {
    settings: Settings,
    home: Client,
    outside: Client,
}

/// What opens the carrier's own host.
#[derive(Clone, Copy)]
pub enum Credentials<'a> {
    /// User and password.
    Basic {
        /// The user.
        user: &'a str,
        /// The password.
        password: &'a str,
    },
    /// A key (RFC 6750).
    Bearer(&'a str),
}

impl Credentials<'_> {
    fn open(self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Credentials::Basic { user, password } => request.basic_auth(user, Some(password)),
            Credentials::Bearer(key) => request.bearer_auth(key),
        }
    }
}

/// Where a download may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// At the carrier's API only.
    AtHome,
    /// Also at a public address over TLS, or an allowed one, then without credentials: the carrier names its store itself.
    Anywhere,
}

const ELSEWHERE: FetchError = FetchError::Never("its address is not at the carrier");
const INSIDE: FetchError = FetchError::Never("a redirect leads to an address that is not public");

impl Fetcher {
    /// Makes the HTTP clients; opens no connection yet.
    pub fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        let has_tls = settings.home.scheme() == "https";
        let builder = || {
            let builder = Client::builder()
                .user_agent(concat!("tipline/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(settings.silence.min(CONNECT_TIMEOUT))
                .read_timeout(settings.silence)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .pool_idle_timeout(MAX_IDLE)
                .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS);
            // Without TLS it can only be a mock on this machine, which may have no certificates and needs none.
            if has_tls { builder } else { builder.no_proxy().tls_certs_only([]) }
        };
        let home = builder().build()?;
        let outside = builder().no_proxy().https_only(true).dns_resolver(PublicOnly).build()?;
        Ok(Self { settings, home, outside })
    }

    /// Fetches at most `most_bytes`. `missing` is what it means when the carrier's own host does not have it (404, 410).
    pub async fn fetch(
        &self,
        url: &str,
        credentials: Credentials<'_>,
        most_bytes: usize,
        missing: &FetchError,
    ) -> Result<Fetched, FetchError> {
        let whole = async {
            let (mut url, mut request) = self.first(url, credentials)?;
            for hop in 0..=MOST_REDIRECTS {
                let response = request.send().await.map_err(|error| of_transport(&error))?;
                match step(&response, hop == 0 && self.is_home(&url), missing)? {
                    Step::Here => return read(response, most_bytes).await,
                    Step::Redirect(location) => {
                        url = url.join(&location).map_err(|_| FetchError::Never("a redirect leads nowhere"))?;
                        request = self.away(&url)?;
                    }
                }
            }
            Err(FetchError::Never("it is redirected too often"))
        };
        self.within(whole).await
    }

    /// Deletes at the carrier's own host; one that is gone already is as good.
    pub async fn delete(&self, url: &str, credentials: Credentials<'_>) -> Result<(), FetchError> {
        let whole = async {
            let url = self.at_home(url)?;
            let request = credentials.open(self.home.request(Method::DELETE, url));
            match request.send().await.map_err(|error| of_transport(&error))?.status().as_u16() {
                200..=299 | 404 | 410 => Ok(()),
                status => Err(FetchError::Later(format!("status {status}"))),
            }
        };
        self.within(whole).await
    }

    async fn within<T>(&self, whole: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
        tokio::time::timeout(self.settings.total, whole).await.unwrap_or_else(|_| Err(too_slow()))
    }

    /// The first request: with credentials at home, without them elsewhere.
    fn first(&self, text: &str, credentials: Credentials<'_>) -> Result<(Url, RequestBuilder), FetchError> {
        match (self.at_home(text), self.settings.begins) {
            (Ok(url), _) => Ok((url.clone(), credentials.open(self.home.get(url)))),
            (Err(error), Begins::AtHome) => Err(error),
            (Err(_), Begins::Anywhere) => {
                let url = Url::parse(text).map_err(|_| ELSEWHERE)?;
                let request = self.away(&url).map_err(|_| ELSEWHERE)?;
                Ok((url, request))
            }
        }
    }

    /// An address of the carrier's API: only there credentials go.
    fn at_home(&self, text: &str) -> Result<Url, FetchError> {
        let url = Url::parse(text).map_err(|_| ELSEWHERE)?;
        if text.len() <= MAX_URL_BYTES && is_plain(&url) && self.is_home(&url) { Ok(url) } else { Err(ELSEWHERE) }
    }

    /// The request for a redirect, without credentials; an error when it may not be followed.
    fn away(&self, url: &Url) -> Result<RequestBuilder, FetchError> {
        if url.as_str().len() > MAX_URL_BYTES || !is_plain(url) {
            return Err(FetchError::Never("a redirect has an address that is not followed"));
        }
        if self.is_home(url) || self.settings.allowed.iter().any(|allowed| allowed.covers(url)) {
            return Ok(self.home.get(url.clone()));
        }
        if url.scheme() != "https" {
            return Err(FetchError::Never("a redirect leaves TLS"));
        }
        // An address that is written out is not looked up, so it is checked here; a name is checked where it is looked up.
        let literal =
            url.host_str().map(|host| host.trim_start_matches('[').trim_end_matches(']')).and_then(|host| host.parse::<IpAddr>().ok());
        match literal {
            Some(address) if !is_public(address) => Err(INSIDE),
            Some(_) | None => Ok(self.outside.get(url.clone())),
        }
    }

    fn is_home(&self, url: &Url) -> bool {
        url.origin() == self.settings.home.origin()
    }
}

/// HTTP, and nobody's name in it: a URL with a user would be sent with credentials.
fn is_plain(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http") && url.username().is_empty() && url.password().is_none() && url.has_host()
}

enum Step {
    Here,
    Redirect(String),
}

/// What an answer means for the way on. A redirect's target is asked again from the start when it fails: its address may have expired.
fn step(response: &Response, is_home: bool, missing: &FetchError) -> Result<Step, FetchError> {
    match response.status().as_u16() {
        200..=299 => Ok(Step::Here),
        301 | 302 | 303 | 307 | 308 => {
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            location.map(|to| Step::Redirect(to.to_owned())).ok_or(FetchError::Never("a redirect leads nowhere"))
        }
        404 | 410 if is_home => Err(missing.clone()),
        status => Err(FetchError::Later(format!("status {status}"))),
    }
}

async fn read(mut response: Response, most_bytes: usize) -> Result<Fetched, FetchError> {
    let content_type = response.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase());
    let content_type = content_type.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_CONTENT_TYPE_CHARS).collect();
    let too_large = || FetchError::TooLarge(most_bytes);
    if response.content_length().is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most_bytes)) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| of_transport(&error))? {
        if bytes.len() + chunk.len() > most_bytes {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Fetched { bytes, content_type })
}

fn too_slow() -> FetchError {
    FetchError::Later("no answer in time".to_owned())
}

/// Sorts a failure without an answer. Its own text holds the URL and is not kept.
fn of_transport(error: &reqwest::Error) -> FetchError {
    if is_not_public(error) {
        INSIDE
    } else if error.is_builder() {
        FetchError::Never("its address is not one that can be asked")
    } else if error.is_timeout() {
        too_slow()
    } else if error.is_connect() {
        FetchError::Later("no connection".to_owned())
    } else {
        FetchError::Later("the connection broke".to_owned())
    }
}

fn is_not_public(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

#[cfg(test)]
mod tests;
