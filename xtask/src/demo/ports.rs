//! The demo's seven ports: the usual ones, a row from a base, or free ones.

use crate::Mistake;
use anyhow::Context;
use std::net::{Ipv4Addr, TcpListener};

/// Where everything listens, on the loopback address.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The gateway's public listener.
    pub public: u16,
    /// The gateway's staff listener.
    pub staff: u16,
    /// The gateway's ops listener.
    pub ops: u16,
    /// The mock's REST API, control API and pages.
    pub mock: u16,
    /// The mock's second carrier.
    pub telnyx: u16,
    /// The mock's mail server.
    pub smtp: u16,
    /// The mock's mailbox.
    pub imap: u16,
}

impl Ports {
    /// The usual ports.
    pub const USUAL: Ports = Ports { public: 8080, staff: 8081, ops: 9464, mock: 9090, telnyx: 9091, smtp: 2525, imap: 1143 };

    /// Seven ports in a row.
    pub fn from_base(base: u16) -> anyhow::Result<Self> {
        let at =
            |offset: u16| base.checked_add(offset).ok_or_else(|| Mistake(format!("--port-base {base} leaves no room for seven ports")));
        Ok(Self { public: at(0)?, staff: at(1)?, ops: at(2)?, mock: at(3)?, smtp: at(4)?, imap: at(5)?, telnyx: at(6)? })
    }

    /// Ports that are free at this moment. All of them are held together, so that they differ.
    pub fn free() -> anyhow::Result<Self> {
        let held: Vec<TcpListener> =
            (0..7).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>().context("find free ports")?;
        let port = |at: usize| held[at].local_addr().map(|address| address.port()).context("read a port");
        Ok(Self { public: port(0)?, staff: port(1)?, ops: port(2)?, mock: port(3)?, smtp: port(4)?, imap: port(5)?, telnyx: port(6)? })
    }

    /// Each port with what it is for.
    fn named(self) -> [(&'static str, u16); 7] {
        [
            ("the gateway's webhooks", self.public),
            ("the console", self.staff),
            ("health and metrics", self.ops),
            ("the mock carriers", self.mock),
            ("the mock's second carrier", self.telnyx),
            ("the mock's mail server", self.smtp),
            ("the mock's mailbox", self.imap),
        ]
    }

    /// Refuses a port that is taken, by name and with the fix.
    pub fn must_be_free(self) -> anyhow::Result<()> {
        for (what, port) in self.named() {
            if let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                let other = if self.public < 20_000 { self.public + 10_000 } else { 18_080 };
                let fix = format!("stop what uses it (another demo?), or take other ports with --port-base {other}");
                return Err(Mistake(format!("port {port}, meant for {what}, cannot be used ({}): {fix}", error.kind())).into());
            }
        }
        Ok(())
    }
}
