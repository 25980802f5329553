//! From a configuration to a mailbox that is logged in.
//!
//! Certificates are checked against the system's roots, always. What a server said before STARTTLS is thrown away with the
//! connection's buffer.

use super::mailbox::{Fault, ImapTls, MailboxConfig, Step, timed};
use async_imap::imap_proto::{Response, Status};
use async_imap::{Client, Session};
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connection, protected or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for T {}

/// A mailbox that is logged in.
pub(super) type Mailbox = Session<Box<dyn Stream>>;

/// How TLS is spoken: TLS 1.2 or 1.3, certificates checked by the system's roots.
pub(super) fn tls() -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(TlsConnector::from(Arc::new(builder.with_platform_verifier()?.with_no_client_auth())))
}

/// Connects, protects and logs in.
pub(super) async fn open(config: &MailboxConfig, tls: &TlsConnector) -> Result<Mailbox, Fault> {
    let connecting = TcpStream::connect((config.host.trim_matches(['[', ']']), config.port));
    let tcp = tokio::time::timeout(config.timeout, connecting).await.map_err(|_| Fault::TimedOut(Step::Connect))?;
    let tcp = tcp.map_err(|error| Fault::Unreachable(error.kind()))?;
    let _ = tcp.set_nodelay(true);
    let client = match config.tls {
        ImapTls::Required => greeted(config, secured(config, tls, tcp).await?).await?,
        ImapTls::None => greeted(config, Box::new(tcp)).await?,
        ImapTls::StartTls => {
            let mut open = greeted(config, Box::new(tcp)).await?;
            timed(config.timeout, Step::Greeting, open.run_command_and_check_ok("STARTTLS", None)).await?;
            Client::new(secured(config, tls, open.into_inner()).await?)
        }
    };
    login(config, client).await
}

async fn secured(config: &MailboxConfig, tls: &TlsConnector, plain: impl Stream + 'static) -> Result<Box<dyn Stream>, Fault> {
    let name = ServerName::try_from(config.host.trim_matches(['[', ']']).to_owned()).map_err(|_| Fault::Tls)?;
    let stream = tokio::time::timeout(config.timeout, tls.connect(name, plain)).await.map_err(|_| Fault::TimedOut(Step::Connect))?;
    Ok(Box::new(stream.map_err(|_| Fault::Tls)?))
}

async fn greeted(config: &MailboxConfig, stream: Box<dyn Stream>) -> Result<Client<Box<dyn Stream>>, Fault> {
    let mut client = Client::new(stream);
    let greeting = async { client.read_response().await.map_err(Into::into) };
    let greeting = timed(config.timeout, Step::Greeting, greeting).await?.ok_or(Fault::Broken(Step::Greeting))?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(client),
        _ => Err(Fault::Refused(Step::Greeting)),
    }
}

async fn login(config: &MailboxConfig, client: Client<Box<dyn Stream>>) -> Result<Mailbox, Fault> {
    let (user, password) = (config.user.as_str(), config.password.reveal());
    // LOGIN speaks ASCII only.
    let plain = [user, password].iter().all(|text| text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    let session = async {
        if plain {
            client.login(user, password).await.map_err(|(error, _)| error)
        } else {
            client.authenticate("PLAIN", Plain { user, password }).await.map_err(|(error, _)| error)
        }
    };
    timed(config.timeout, Step::Login, session).await
}

/// SASL PLAIN (RFC 4616).
struct Plain<'a> {
    user: &'a str,
    password: &'a str,
}

impl async_imap::Authenticator for Plain<'_> {
    type Response = String;
    fn process(&mut self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password)
    }
}
