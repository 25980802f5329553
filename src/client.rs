//! Requests to what an operator runs beside the gateway: a watchdog, a collector of traces. Carriers have clients of their own, in `adapters`.

use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for requests to this address; opens no connection yet. Follows nobody elsewhere and repeats nothing.
pub fn client(url: &str, patience: Duration) -> Result<reqwest::Client, reqwest::Error> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("tipline/", env!("CARGO_PKG_VERSION")))
        .timeout(patience)
        .connect_timeout(CONNECT.min(patience))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false);
    if url.starts_with("http://") {
        // Without TLS it is on this machine or within the operator's own network: no proxy is asked, and no certificates are needed.
        builder = builder.no_proxy().tls_certs_only([]);
    }
    builder.build()
}
