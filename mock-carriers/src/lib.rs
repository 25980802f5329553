//! Pretend carriers: Twilio's and Telnyx's REST APIs with signed webhooks, calls that ring, speak and record, an SMTP and an IMAP
//! server, pages with handsets to play with, and a control API to script and inspect all of it.
//! Depends on no other crate of this workspace: code shared with the gateway could hide an error in both.
//! A development and training program: everything is in memory, bounded, and gone at the end.

pub mod carrier;
pub mod clock;
pub mod control;
mod exchange;
mod ids;
mod imap;
mod letter;
mod listener;
pub mod options;
mod pages;
mod postman;
mod smtp;
pub mod state;
pub mod telnyx;
mod twilio;
pub mod voice;
pub mod webhook;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::routing::{any, get};
use tokio::net::TcpListener;

pub use carrier::Carrier;
pub use control::{Control, ControlError, Prompt};
pub use letter::{Attachment, Letter};
pub use options::{House, NumberOptions, NumberRoute, Options, Tempo};
pub use postman::Posted;
pub use telnyx::TelnyxOptions;
pub use twilio::inbound::{Said, SaidMedia, Say, WebhookAnswer};
pub use twilio::media::{PASSWORD_FORWARDED, TRAP_ENTERED};

use exchange::Exchange;
use listener::{CuttableListener, KillSwitch};

/// Running mock carriers. Dropping it ends them.
#[derive(Debug)]
pub struct MockCarriers {
    exchange: Arc<Exchange>,
    address: SocketAddr,
    telnyx: SocketAddr,
    smtp: SocketAddr,
    imap: SocketAddr,
}

impl MockCarriers {
    /// Binds the listeners and serves in the background of the current tokio runtime.
    ///
    /// # Errors
    /// When an address cannot be bound; the sentence names it.
    pub async fn start(mut options: Options) -> anyhow::Result<Self> {
        let main = bind(options.listen, "--listen").await?;
        let second = bind(options.telnyx.listen, "--telnyx").await?;
        let mail = bind(options.smtp, "--smtp").await?;
        let mailbox = bind(options.imap, "--imap").await?;
        let beside = SocketAddr::new(options.listen.ip(), 0);
        let media = bind(beside, "the media listener").await?;
        let (address, smtp, imap) = (main.local_addr()?, mail.local_addr()?, mailbox.local_addr()?);
        let telnyx = second.local_addr()?;
        (options.listen, options.smtp, options.imap, options.telnyx.listen) = (address, smtp, imap, telnyx);
        let media_url = format!("http://{}", media.local_addr()?);
        let exchange = Exchange::new(options, format!("http://{address}"), media_url)?;
        serve_main(&exchange, main);
        serve_telnyx(&exchange, second);
        serve_media(&exchange, media);
        exchange.run(smtp::serve(Arc::clone(&exchange), mail));
        exchange.run(imap::serve(Arc::clone(&exchange), mailbox));
        Ok(Self { exchange, address, telnyx, smtp, imap })
    }

    /// `http://127.0.0.1:NNNN`: the REST API's base, the control API's and the pages'.
    pub fn base_url(&self) -> String {
        self.exchange.base_url.clone()
    }

    /// Where REST, control API and pages listen.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Where the second carrier's API listens: `http://127.0.0.1:NNNN`.
    pub fn telnyx_url(&self) -> String {
        format!("http://{}", self.telnyx)
    }

    /// Where the second carrier's API listens.
    pub fn telnyx_addr(&self) -> SocketAddr {
        self.telnyx
    }

    /// The public key of the second carrier's webhooks, in base64.
    pub fn telnyx_public_key(&self) -> String {
        self.exchange.signer.public_key()
    }

    /// Where the SMTP server listens.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp
    }

    /// Where the IMAP server listens.
    pub fn imap_addr(&self) -> SocketAddr {
        self.imap
    }

    /// The address of the tip line's mailbox, and its IMAP user.
    pub fn mailbox(&self) -> &str {
        &self.exchange.options.mailbox
    }

    /// The password of the mailbox.
    pub fn mailbox_password(&self) -> &str {
        &self.exchange.options.mailbox_password
    }

    /// The account's SID.
    pub fn account_sid(&self) -> &str {
        &self.exchange.options.account_sid
    }

    /// The account's token.
    pub fn auth_token(&self) -> &str {
        &self.exchange.options.auth_token
    }

    /// Scripts and inspects the mock.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.exchange))
    }

    /// Ends everything and waits for it.
    pub async fn stop(self) {
        self.exchange.stop().await;
    }
}

impl Drop for MockCarriers {
    fn drop(&mut self) {
        self.exchange.shutdown().cancel();
    }
}

async fn bind(address: SocketAddr, what: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{what}: cannot listen on {address}; is it in use? Choose another port or 0"))
}

fn serve_main(exchange: &Arc<Exchange>, listener: TcpListener) {
    let app = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route(&format!("{}/2010-04-01/{{*rest}}", exchange.options.house.prefix), any(twilio::serve))
        .merge(control::routes())
        .merge(pages::routes())
        .with_state(Arc::clone(exchange));
    let service = app.into_make_service_with_connect_info::<KillSwitch>();
    exchange.run(async move {
        // Ends only with the mock.
        let _ = axum::serve(CuttableListener(listener), service).await;
    });
}

fn serve_telnyx(exchange: &Arc<Exchange>, listener: TcpListener) {
    let app = telnyx::routes().with_state(Arc::clone(exchange));
    let service = app.into_make_service_with_connect_info::<KillSwitch>();
    exchange.run(async move {
        // Ends only with the mock.
        let _ = axum::serve(CuttableListener(listener), service).await;
    });
}

fn serve_media(exchange: &Arc<Exchange>, listener: TcpListener) {
    let app = Router::new()
        .route("/media/{sid}", get(twilio::media::download))
        .route("/trap", get(twilio::media::trapped))
        .with_state(Arc::clone(exchange));
    exchange.run(async move {
        // Ends only with the mock.
        let _ = axum::serve(listener, app).await;
    });
}
