//! Faults that a test or a trainer asks for: which traffic they strike, what they do, how often.
//! The places that suffer them (REST, webhooks, SMTP) ask `Faults::strike`; nothing else decides.

use serde::{Deserialize, Serialize};

use crate::carrier::Carrier;

/// Most faults that may be set at once.
pub const FAULTS_KEPT: usize = 200;

/// One fault, as given to and shown by the control API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Name to remove it by; made when not given.
    #[serde(default)]
    pub id: String,
    /// What it strikes; an empty match strikes everything.
    #[serde(default, rename = "match")]
    pub matches: FaultMatch,
    /// What happens: see [`Effect`].
    pub fault: String,
    /// For `delay`: how long; also added before any other effect.
    #[serde(default)]
    pub delay_ms: u64,
    /// How many times more; none means until it is removed.
    #[serde(default)]
    pub times: Option<u32>,
    /// How often it has struck.
    #[serde(default)]
    pub hits: u32,
}

/// What a fault strikes. Every given field must fit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultMatch {
    /// Which traffic.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// A part of the path (REST) or of the URL (webhooks, callbacks).
    #[serde(default)]
    pub path_contains: Option<String>,
    /// HTTP method.
    #[serde(default)]
    pub method: Option<String>,
    /// The recipient: a number or an address.
    #[serde(default)]
    pub to: Option<String>,
    /// Whose traffic: with `refuse` and nothing else, that carrier is dead.
    #[serde(default)]
    pub carrier: Option<Carrier>,
}

/// The kinds of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Requests to the REST API.
    Rest,
    /// Status callbacks that the mock sends.
    Callback,
    /// Webhooks that want an answer: inbound messages, call instructions.
    Webhook,
    /// Mail sent to the SMTP server.
    Smtp,
    /// Commands to the IMAP server; the method is the command's name, the path the folder.
    Imap,
    /// Files fetched from the carrier: of messages and of recordings.
    Media,
}

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// REST: 429 with code 20429, nothing done.
    TooManyRequests,
    /// REST: 500, nothing done.
    ServerError,
    /// REST: 401 with code 20003.
    Unauthorized,
    /// REST: this Twilio code. 30000 to 30999: accepted, then the message fails with that code.
    Code(u32),
    /// REST: done, with its callbacks, but the answer never comes.
    AcceptThenTimeout,
    /// REST: the connection is closed without an answer, nothing done.
    Refuse,
    /// Webhook or callback: never sent. REST: as `refuse`. SMTP: as `drop_after_data`. IMAP: the connection ends in
    /// the middle of a FETCH, or before the command that the match names is done.
    Drop,
    /// Webhook or callback: sent twice.
    Double,
    /// Everything: `delay_ms` later.
    Delay,
    /// Callback: held back and sent after the next one.
    Reorder,
    /// SMTP: the recipient is refused with 550.
    Reject,
    /// SMTP: the recipient is refused with 451 for now.
    Temporary,
    /// SMTP: the mail is taken, and the connection ends before the answer. IMAP: the command is done, likewise.
    DropAfterData,
    /// IMAP: the connection ends after the first mail of a FETCH, at a place where a client may take that for the end.
    CutBetween,
    /// Media: the redirect leads somewhere a client must not go.
    Redirect(Trap),
    /// Media: a body without end.
    Endless,
    /// Media: declared and sent as HTML.
    WrongType,
    /// Media: begins and goes silent.
    Stall,
}

/// Where a client must not be led.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trap {
    /// `127.0.0.1`, a port of the mock that tells when it is asked.
    Loopback,
    /// `localhost`, the same port: a name, not an address.
    Localhost,
    /// An address of a private network.
    Private,
    /// Where clouds tell their secrets.
    Metadata,
}

impl Effect {
    /// Parses the word used in the control API.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "429" => Self::TooManyRequests,
            "500" => Self::ServerError,
            "401" => Self::Unauthorized,
            "accept_then_timeout" => Self::AcceptThenTimeout,
            "refuse" => Self::Refuse,
            "drop" => Self::Drop,
            "double" => Self::Double,
            "delay" => Self::Delay,
            "reorder" => Self::Reorder,
            "reject" | "550" => Self::Reject,
            "temporary" | "451" => Self::Temporary,
            "drop_after_data" => Self::DropAfterData,
            "cut_between" => Self::CutBetween,
            "redirect_loopback" => Self::Redirect(Trap::Loopback),
            "redirect_localhost" => Self::Redirect(Trap::Localhost),
            "redirect_private" => Self::Redirect(Trap::Private),
            "redirect_metadata" => Self::Redirect(Trap::Metadata),
            "endless" => Self::Endless,
            "wrong_type" => Self::WrongType,
            "stall" => Self::Stall,
            other => Self::Code(other.parse().ok().filter(|code| *code >= 10_000)?),
        })
    }

    /// Whether it can strike here. IMAP commands and the hops of a download come by the dozen, so a fault waits for
    /// the one that it is about; elsewhere every fault fits.
    fn can_strike(self, traffic: Traffic<'_>, named: bool) -> bool {
        match (traffic.kind, self) {
            (Kind::Rest | Kind::Callback | Kind::Webhook | Kind::Smtp, _) => true,
            (Kind::Media, Self::Redirect(_)) => traffic.method == MEDIA_REDIRECT,
            (Kind::Media, Self::Endless | Self::WrongType | Self::Stall | Self::Delay | Self::ServerError) => traffic.method == "GET",
            (Kind::Imap, Self::Drop) => named || traffic.method == "FETCH",
            (Kind::Imap, Self::DropAfterData) => named || traffic.method == "MOVE",
            (Kind::Imap, Self::CutBetween) => traffic.method == "FETCH",
            (Kind::Imap, Self::Refuse) => traffic.method == "CONNECT",
            (Kind::Imap, Self::Unauthorized) => matches!(traffic.method, "LOGIN" | "AUTHENTICATE"),
            (Kind::Imap, Self::Delay | Self::Temporary | Self::Reject) => named || !matches!(traffic.method, "CONNECT" | "LOGIN"),
            (
                Kind::Imap | Kind::Media,
                Self::TooManyRequests
                | Self::ServerError
                | Self::Unauthorized
                | Self::Code(_)
                | Self::AcceptThenTimeout
                | Self::Refuse
                | Self::Drop
                | Self::Double
                | Self::Reorder
                | Self::Reject
                | Self::Temporary
                | Self::DropAfterData
                | Self::CutBetween
                | Self::Redirect(_)
                | Self::Endless
                | Self::WrongType
                | Self::Stall,
            ) => false,
        }
    }
}

/// The method by which a download's first hop, the redirect, is known to faults.
pub const MEDIA_REDIRECT: &str = "REDIRECT";

/// A fault that strikes now.
#[derive(Debug, Clone, Copy)]
pub struct Strike {
    /// What to do.
    pub effect: Effect,
    /// After how long.
    pub delay_ms: u64,
}

/// What a piece of traffic looks like to a fault.
#[derive(Debug, Clone, Copy)]
pub struct Traffic<'a> {
    /// Which traffic.
    pub kind: Kind,
    /// Path or URL.
    pub path: &'a str,
    /// HTTP method, or the SMTP command.
    pub method: &'a str,
    /// The recipient, where there is one.
    pub to: &'a str,
    /// Whose it is; nobody's for mail.
    pub carrier: Option<Carrier>,
}

/// The faults that are set.
#[derive(Debug, Default)]
pub struct Faults {
    set: Vec<Fault>,
}

impl Faults {
    /// Every fault that is set.
    pub fn list(&self) -> &[Fault] {
        &self.set
    }

    /// Sets a fault, replacing one with the same id; the sentence says what is wrong with it.
    pub fn set(&mut self, fault: Fault) -> Result<(), String> {
        if Effect::parse(&fault.fault).is_none() {
            return Err(format!(
                "`{}` is no fault: use 429, 500, 401, a Twilio code such as 21610, accept_then_timeout, \
                 refuse, drop, double, delay, reorder, reject, temporary, drop_after_data, cut_between, redirect_loopback, \
                 redirect_localhost, redirect_private, redirect_metadata, endless, wrong_type or stall",
                fault.fault
            ));
        }
        self.set.retain(|other| other.id != fault.id);
        if self.set.len() >= FAULTS_KEPT {
            return Err(format!("{FAULTS_KEPT} faults are set already: remove some first"));
        }
        self.set.push(fault);
        Ok(())
    }

    /// Removes one fault; false when there is none of that id.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.set.len();
        self.set.retain(|fault| fault.id != id);
        self.set.len() != before
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.set.clear();
    }

    /// The first fault that fits this traffic, counted as used; a used-up fault goes away.
    pub fn strike(&mut self, traffic: Traffic<'_>) -> Option<Strike> {
        let can =
            |fault: &Fault| Effect::parse(&fault.fault).is_some_and(|effect| effect.can_strike(traffic, fault.matches.method.is_some()));
        let at = self.set.iter().position(|fault| fits(&fault.matches, traffic) && can(fault))?;
        let fault = self.set.get_mut(at)?;
        fault.hits += 1;
        let strike = Strike { effect: Effect::parse(&fault.fault)?, delay_ms: fault.delay_ms };
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.set.remove(at);
            }
        }
        Some(strike)
    }
}

fn fits(matches: &FaultMatch, traffic: Traffic<'_>) -> bool {
    let part = |wanted: &Option<String>, test: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(|text| text.is_empty() || test(text));
    matches.kind.is_none_or(|kind| kind == traffic.kind)
        && (matches.carrier.is_none() || matches.carrier == traffic.carrier)
        && part(&matches.path_contains, &|text| traffic.path.contains(text))
        && part(&matches.method, &|text| text.eq_ignore_ascii_case(traffic.method))
        && part(&matches.to, &|text| text.eq_ignore_ascii_case(traffic.to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_what_fits_and_only_so_often() {
        let mut faults = Faults::default();
        let fault = r#"{"id":"f","match":{"kind":"rest","to":"+15555550142"},"fault":"429","times":1}"#;
        faults.set(serde_json::from_str(fault).unwrap()).unwrap();
        let mut traffic = Traffic { kind: Kind::Rest, path: "/x", method: "POST", to: "+15555550143", carrier: Some(Carrier::Twilio) };
        assert!(faults.strike(traffic).is_none());
        traffic.to = "+15555550142";
        assert_eq!(faults.strike(traffic).unwrap().effect, Effect::TooManyRequests);
        assert!(faults.strike(traffic).is_none());
    }

    #[test]
    fn an_unknown_word_is_refused_by_name() {
        let fault = serde_json::from_str(r#"{"fault":"explode"}"#).unwrap();
        assert!(Faults::default().set(fault).unwrap_err().contains("explode"));
    }
}
