//! A mail that may go over TLS only, to servers that have none, one that nobody vouches for, and one that passes it on as asked (RFC 8689).
//!
//! The server is a few lines on the library that speaks TLS; its certificate is trusted only in a second process of this very test,
//! started with `SSL_CERT_FILE`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the test's own server is ended with it")]

use adapters::contract::{SendError, Sender};
use adapters::email::{Config, SmtpSender, Tls};
use domain::exchange::{Content, Mail, MailKind, Outbound};
use domain::language::Language;
use domain::sealed::Address;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Set in the second process: the folder with the certificate.
const INNER: &str = "SMTP_TLS_INNER";

/// What a server offers.
#[derive(Clone, Copy, PartialEq)]
enum Offers {
    Nothing,
    Tls,
    RequireTls,
}

/// A mail server for one test; what it heard is kept, with `tls` where the talk became private.
struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    running: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(folder: &Path, offers: Offers) -> Self {
        let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let list = heard.clone();
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut plain = BufReader::new(stream);
                plain.write_all(b"220 ready\r\n").await.unwrap();
                let hello = if offers == Offers::Nothing { "250 mail.example.org" } else { "250-mail.example.org\r\n250 STARTTLS" };
                if !talk(&mut plain, hello, &list).await {
                    continue;
                }
                list.lock().unwrap().push("tls".to_owned());
                let Ok(private) = acceptor.accept(plain.into_inner()).await else { continue };
                let hello = if offers == Offers::RequireTls { "250-mail.example.org\r\n250 REQUIRETLS" } else { "250 mail.example.org" };
                talk(&mut BufReader::new(private), hello, &list).await;
            }
        });
        Self { port, heard, running }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Answers until the other side hangs up; true when it asked for TLS.
async fn talk(stream: &mut (impl AsyncRead + AsyncWrite + AsyncBufReadExt + Unpin), hello: &str, heard: &Mutex<Vec<String>>) -> bool {
    let mut in_text = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let line = line.trim_end().to_owned();
        let answer = match (in_text, line.split_whitespace().next().unwrap_or("")) {
            (true, ".") => "250 taken",
            (true, _) => continue,
            (false, "EHLO") => hello,
            (false, "STARTTLS") => "220 go on",
            (false, "DATA") => "354 go on",
            (false, _) => "250 ok",
        };
        in_text = answer.starts_with("354");
        heard.lock().unwrap().push(line.clone());
        if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return false;
        }
        if line == "STARTTLS" {
            return true;
        }
    }
}

fn mail(tls_required: bool) -> Outbound {
    let mail = Mail {
        message_id: "n1".to_owned(),
        subject: "Report".to_owned(),
        text: "There is a report.\n".to_owned(),
        language: Language::En,
        answers: None,
        kind: MailKind::Notice { bounces_to: Some(Address::new("tips+v1.2@example.org")) },
        tls_required,
    };
    Outbound {
        attempt: "0192f0c1b2c37d4e8f5a6b7c8d9e0f10".parse().unwrap(),
        from: Address::new("reports@example.org"),
        to: Address::new("principal@school.example.org"),
        content: Content::Mail(mail),
    }
}

async fn send(server: &Server, tls: Tls, tls_required: bool) -> Result<(), SendError> {
    let mut config = Config::new("mail".parse().unwrap(), "localhost", "reports@example.org");
    (config.port, config.tls) = (server.port, tls);
    SmtpSender::new(Arc::new(config)).unwrap().send(&mail(tls_required)).await.map(drop)
}

#[tokio::test]
async fn a_mail_that_may_go_over_tls_only_goes_no_other_way() {
    if let Some(folder) = std::env::var_os(INNER) {
        return trusted(Path::new(&folder)).await;
    }
    let folder = certificate();
    for tls in [Tls::Opportunistic, Tls::Required] {
        let server = Server::start(&folder, Offers::Nothing).await;
        let refused = send(&server, tls, true).await.unwrap_err();
        assert!(matches!(refused, SendError::Permanent { .. }), "{refused:?}");
        assert!(server.heard().iter().all(|line| line.starts_with("EHLO")), "nothing of it was said: {:?}", server.heard());
    }
    let server = Server::start(&folder, Offers::RequireTls).await;
    for tls in [Tls::Opportunistic, Tls::Required] {
        let refused = send(&server, tls, true).await.unwrap_err();
        assert!(matches!(refused, SendError::Permanent { .. }), "a certificate that nobody knows: {refused:?}");
    }
    send(&server, Tls::Opportunistic, false).await.unwrap();
    let last = server.heard();
    assert!(last.contains(&"MAIL FROM:<tips+v1.2@example.org>".to_owned()), "another mail goes by it, and asks for nothing: {last:?}");
    let inner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_mail_that_may_go_over_tls_only_goes_no_other_way"])
        .env("SSL_CERT_FILE", folder.join("cert.pem"))
        .env(INNER, &folder)
        .output()
        .unwrap();
    let _ = std::fs::remove_dir_all(&folder);
    assert!(inner.status.success(), "{}", String::from_utf8_lossy(&inner.stdout));
}

async fn trusted(folder: &Path) {
    for tls in [Tls::Opportunistic, Tls::Required] {
        for (offers, envelope) in
            [(Offers::RequireTls, "MAIL FROM:<tips+v1.2@example.org> REQUIRETLS"), (Offers::Tls, "MAIL FROM:<tips+v1.2@example.org>")]
        {
            let server = Server::start(folder, offers).await;
            send(&server, tls, true).await.unwrap();
            let heard = server.heard();
            let private = heard.iter().position(|line| line == "tls").unwrap();
            assert!(heard[private..].iter().any(|line| line == envelope), "{heard:?}");
        }
    }
}

/// A certificate for `localhost` that nobody knows, and its key, in a folder of its own.
fn certificate() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("smtp-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}
