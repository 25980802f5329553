//! What a configuration may say although it is hardly meant: told by `check-config` and at the start, refused by nobody.

use super::account::{Account, SmtpTls};
use super::{Config, origin::Origin};

/// The sentences.
pub(super) fn of(config: &Config) -> Vec<String> {
    let mut sentences = Vec::new();
    if config.accounts.is_empty() {
        sentences.push("no [[account]] is named: nothing is received and nothing is sent".to_owned());
    }
    if !config.ops_listen.ip().is_loopback() {
        sentences.push(format!("ops.listen = {} is not a loopback address: health and metrics have no login", config.ops_listen));
    }
    if config.line.call_back.is_none() {
        sentences.push("line.call_back is empty: voicemails and mails name no number to call back".to_owned());
    }
    for account in &config.accounts {
        sentences.extend(of_account(config, account));
    }
    sentences
}

/// A carrier on the internet reaches no origin without TLS.
fn unreachable_from(config: &Config, account: &Account, api_base: &str) -> Option<String> {
    let reachable = config.public.origin.is_secure();
    let outside = Origin::parse(api_base).is_none_or(|origin| origin.is_secure());
    let name = account.name();
    (outside && !reachable)
        .then(|| format!("account {name} is a carrier on the internet, which cannot reach public.origin = {}", config.public.origin))
}

fn of_account(config: &Config, account: &Account) -> Option<String> {
    let name = account.name();
    match account {
        Account::Twilio(twilio) => unreachable_from(config, account, &twilio.api_base),
        Account::Telnyx(telnyx) => unreachable_from(config, account, &telnyx.api_base),
        Account::Smtp(smtp) => {
            let open = smtp.tls == SmtpTls::Opportunistic && smtp.login.is_some();
            open.then(|| format!("account {name} may send its password without TLS: write tls = \"required\""))
        }
        Account::Imap(_) => None,
    }
}
