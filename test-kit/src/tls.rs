//! TLS for a private PostgreSQL: a certificate that is made for it by openssl, and that nobody knows.
//!
//! Only who names the certificate as an authority is sure of the server; everybody else must be refused or goes unsure.

use crate::cluster::{Cluster, LOOK_EVERY, PATIENCE, blocking};
use crate::postgres;
use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a server's certificate says. One that says that it is an authority is refused as a server's.
const CERTIFICATE: &str = "[req]
distinguished_name = name
x509_extensions = says
prompt = no
[name]
CN = 127.0.0.1
[says]
basicConstraints = critical, CA:FALSE
subjectAltName = IP:127.0.0.1
";

impl Cluster {
    /// From now on TLS is spoken with whoever asks for it, by a certificate for 127.0.0.1 that is its own authority. Returns the certificate's
    /// file, to be named as `sslrootcert`.
    ///
    /// # Errors
    /// When openssl is not installed, or the server does not take the certificate.
    pub async fn speak_tls(&self) -> anyhow::Result<PathBuf> {
        let (data, wishes) = (self.folder.data(), self.folder.path().join("certificate.cnf"));
        std::fs::write(&wishes, CERTIFICATE).context("write what the certificate says")?;
        let certificate = self.folder.path().join("server.crt");
        let mut openssl = Command::new("openssl");
        openssl
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-config"])
            .arg(wishes);
        openssl.arg("-keyout").arg(data.join("server.key")).arg("-out").arg(&certificate).stdin(Stdio::null());
        blocking(move || postgres::run(&mut openssl).map(drop)).await.context("make a certificate (Debian's package openssl)")?;
        self.folder.give_away("server.key")?;
        let file = certificate.display();
        self.ask("postgres", &format!("ALTER SYSTEM SET ssl_cert_file = '{file}'")).await?;
        self.ask("postgres", "ALTER SYSTEM SET ssl = on").await?;
        self.ask("postgres", "SELECT pg_reload_conf()").await?;
        let began = Instant::now();
        while self.ask("postgres", "SHOW ssl").await? != "on" {
            if began.elapsed() > PATIENCE {
                bail!("the server does not take the certificate. The end of its log:\n{}", self.log());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(certificate)
    }
}
