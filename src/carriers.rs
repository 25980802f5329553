//! The carriers of a deployment: each configured account as adapters and lanes.
//!
//! The one place that knows both the configuration and the adapters. A new kind of account is a new arm here.

use crate::clock::Clock;
use crate::config::account::SmtpTls;
use crate::config::mailbox::ImapAccount;
use crate::config::telnyx::TelnyxAccount;
use crate::config::{Account, Config};
use crate::deployment::refusal;
use crate::progress::routes::Lane;
use adapters::contract::{Inbox, Media, Sender, Webhook};
use adapters::{email, telnyx, twilio};
use domain::channel::Means;
use domain::exchange::Detection;
use domain::id::{AccountKey, LaneKey};
use domain::sealed::Address;
use std::collections::HashMap;
use std::sync::Arc;

/// A pace of this many a second or more is no pace: the lane goes as fast as it can.
pub const UNPACED: f64 = 1000.0;

/// The carriers, put together.
#[derive(Default)]
pub(crate) struct Carriers {
    /// In order of preference.
    pub(crate) lanes: Vec<Lane>,
    /// Who sends, by lane.
    pub(crate) senders: HashMap<LaneKey, Arc<dyn Sender>>,
    /// How calls of an account tell a machine from a person.
    pub(crate) detections: HashMap<AccountKey, Detection>,
    /// Who reads webhooks, by account.
    pub(crate) webhooks: HashMap<String, Arc<dyn Webhook>>,
    /// Who fetches pictures and recordings, by account.
    pub(crate) media: HashMap<AccountKey, Arc<dyn Media>>,
    /// Who lists what came in, by account.
    pub(crate) inboxes: HashMap<AccountKey, Arc<dyn Inbox>>,
    /// Mailboxes to be kept read.
    pub(crate) mailboxes: Vec<email::ImapListener>,
    /// What comes by the first account is answered by the second.
    pub(crate) answers: Vec<(AccountKey, AccountKey)>,
}

/// Puts the configured accounts together: adapters for their webhooks, senders, lanes.
pub(crate) fn carriers(config: &Config, clock: &Clock) -> anyhow::Result<Carriers> {
    let mut carriers = Carriers::default();
    for account in &config.accounts {
        match account {
            Account::Twilio(account) => {
                let mut settings = twilio::Config::new(
                    account.name.clone(),
                    account.account_sid.clone(),
                    adapters::secret::Secret::new(String::new()),
                    config.public.origin.to_string(),
                );
                settings.secrets.clone_from(&account.auth_tokens);
                settings.shared_keys.clone_from(&account.shared_keys);
                settings.signature_header.clone_from(&account.signature_header);
                settings.api_base.clone_from(&account.api_base);
                if let Some((user, secret)) = &account.api_key {
                    settings.api_user = Some(user.clone());
                    settings.api_secret = Some(secret.clone());
                }
                settings.request_timeout = account.timeout;
                settings.ring_seconds = account.ring_seconds;
                settings.answers_keywords = account.answers_keywords;
                settings.media_timeout = account.media_timeout;
                settings.allow_private_media.clone_from(&account.allow_private_media);
                carriers.detections.insert(account.name.clone(), account.machine_detection);
                let settings = Arc::new(settings);
                let media = twilio::TwilioMedia::new(settings.clone()).map_err(refusal)?;
                carriers.media.insert(account.name.clone(), Arc::new(media));
                let receives = each_once(account.text_from.iter().chain(&account.also_receives).chain(&account.call_from));
                if !receives.is_empty() {
                    let inbox = twilio::TwilioInbox::new(settings.clone(), receives).map_err(refusal)?;
                    carriers.inboxes.insert(account.name.clone(), Arc::new(inbox));
                }
                let sender: Arc<dyn Sender> = Arc::new(twilio::TwilioSender::new(settings.clone()).map_err(refusal)?);
                carriers.webhooks.insert(account.name.to_string(), Arc::new(twilio::TwilioWebhook::new(settings).map_err(refusal)?));
                for (means, from, pace) in [
                    (Means::Call, &account.call_from, account.calls_per_second),
                    (Means::Text, &account.text_from, account.texts_per_second),
                ] {
                    if let Some(from) = from {
                        carriers.add(&account.name, means, from, pace, &sender)?;
                    }
                }
            }
            Account::Telnyx(account) => carriers.telnyx(config, account, clock)?,
            Account::Smtp(account) => {
                let mut settings = email::Config::new(account.name.clone(), account.host.clone(), account.from.reveal());
                settings.port = account.port;
                settings.tls = match account.tls {
                    SmtpTls::Opportunistic => email::Tls::Opportunistic,
                    SmtpTls::Required => email::Tls::Required,
                    SmtpTls::Wrapper => email::Tls::Wrapper,
                };
                if let Some((user, password)) = &account.login {
                    settings.user = Some(user.clone());
                    settings.password = Some(password.clone());
                }
                // How we greet the server: the host that the world knows us by.
                settings.hello_name = config.public.origin.host().to_owned();
                settings.from_name.clone_from(&account.from_name);
                settings.timeout = account.timeout;
                settings.dkim = account.dkim.as_ref().map(|dkim| dkim.signer().map(Arc::new)).transpose().map_err(refusal)?;
                let sender: Arc<dyn Sender> = Arc::new(email::SmtpSender::new(Arc::new(settings)).map_err(refusal)?);
                carriers.add(&account.name, Means::Mail, &account.from, account.mails_per_second, &sender)?;
            }
            Account::Imap(account) => {
                carriers.mailboxes.push(email::ImapListener::new(mailbox(account)).map_err(refusal)?);
                carriers.answers.push((account.name.clone(), account.answers_by.clone()));
            }
        }
    }
    Ok(carriers)
}

/// A mailbox as its adapter wants to be told.
fn mailbox(account: &ImapAccount) -> email::MailboxConfig {
    email::MailboxConfig {
        port: account.port,
        tls: account.tls,
        authserv: account.authserv.clone(),
        inbox: account.inbox.clone(),
        junk: account.junk.clone(),
        processed: account.processed.clone(),
        sweep: account.sweep,
        timeout: account.timeout,
        most_bytes: account.most_bytes,
        ..email::MailboxConfig::new(
            account.name.clone(),
            account.host.clone(),
            account.user.clone(),
            account.password.clone(),
            account.address.reveal(),
        )
    }
}

/// Addresses of ours, each once.
fn each_once<'a>(all: impl Iterator<Item = &'a Address>) -> Vec<Address> {
    let mut once: Vec<Address> = Vec::new();
    for address in all {
        if !once.contains(address) {
            once.push(address.clone());
        }
    }
    once
}

impl Carriers {
    fn telnyx(&mut self, config: &Config, account: &TelnyxAccount, clock: &Clock) -> anyhow::Result<()> {
        let origin = config.public.origin.to_string();
        let mut settings =
            telnyx::Config::new(account.name.clone(), account.api_key.clone(), String::new(), account.account_sid.clone(), origin);
        settings.public_keys.clone_from(&account.public_keys);
        settings.application_id.clone_from(&account.application_id);
        settings.profile_id.clone_from(&account.profile_id);
        settings.api_base.clone_from(&account.api_base);
        settings.failover_origin.clone_from(&account.failover_origin);
        settings.request_timeout = account.timeout;
        settings.ring_seconds = account.ring_seconds;
        settings.media_timeout = account.media_timeout;
        settings.allow_private_media.clone_from(&account.allow_private_media);
        let settings = Arc::new(settings);
        let time = clock.clone();
        let clock = telnyx::Clock::new(move || time.now()).beside(|| Clock::System.now());
        self.media.insert(account.name.clone(), Arc::new(telnyx::TelnyxMedia::new(settings.clone()).map_err(refusal)?));
        let receives = each_once(account.text_from.iter().chain(&account.also_receives).chain(&account.call_from));
        let inbox = telnyx::TelnyxInbox::new(settings.clone(), receives).map_err(refusal)?;
        self.inboxes.insert(account.name.clone(), Arc::new(inbox));
        let sender: Arc<dyn Sender> = Arc::new(telnyx::TelnyxSender::new(settings.clone(), clock.clone()).map_err(refusal)?);
        let webhook = telnyx::TelnyxWebhook::new(settings, clock).map_err(refusal)?;
        self.webhooks.insert(account.name.to_string(), Arc::new(webhook));
        for (means, from, pace) in
            [(Means::Call, &account.call_from, account.calls_per_second), (Means::Text, &account.text_from, account.texts_per_second)]
        {
            if let Some(from) = from {
                self.add(&account.name, means, from, pace, &sender)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, account: &AccountKey, means: Means, from: &Address, pace: f64, sender: &Arc<dyn Sender>) -> anyhow::Result<()> {
        let key: LaneKey = format!("{account}-{}", means.as_str()).parse().map_err(refusal)?;
        self.senders.insert(key.clone(), sender.clone());
        self.lanes.push(Lane { key, account: account.clone(), means, from: from.clone(), per_second: (pace < UNPACED).then_some(pace) });
        Ok(())
    }
}
