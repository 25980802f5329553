//! What the tip line is called and reached by, as its pages, mails and calls say it: numbers spaced for readers and spelt for listeners.

use crate::config::Config;
use crate::http::public::portal::PortalSite;
use crate::http::public::site::{Facts, Number};
use crate::outbox::compose::Line;
use crate::portal::Portal;
use domain::dispatch::words::Voice;
use domain::language::Language;
use domain::sealed::Address;

pub(super) fn facts(config: &Config) -> Facts {
    let number = |number: &Option<Address>| {
        number.as_ref().map(|number| Number { dial: number.reveal().to_owned(), shown: spaced_number(number.reveal()) })
    };
    Facts {
        line_name: config.line.name.clone(),
        text_number: number(&config.line.text_number),
        call_number: number(&config.line.call_number),
        leave_to: config.reporters.leave_to.clone(),
        help: config.reporters.help.clone(),
        zone: config.line.zone.clone(),
    }
}

/// The number to call, as people read it.
pub(super) fn call_back(config: &Config) -> String {
    config.line.call_back.as_ref().map(|number| spaced_number(number.reveal())).unwrap_or_default()
}

pub(super) fn portal_site(config: &Config, portal: Portal) -> PortalSite {
    PortalSite {
        portal,
        line_name: config.line.name.clone(),
        call_back: call_back(config),
        zone: config.line.zone.clone(),
        origin: config.public.origin.to_string(),
    }
}

pub(super) fn line(config: &Config) -> Line {
    let call_back = config.line.call_back.as_ref().map(|address| address.reveal().to_owned()).unwrap_or_default();
    Line {
        voice: Voice { line_name: config.line.name.clone(), call_back: spoken_number(&call_back) },
        call_back,
        endusers_alone: config.line.call_back.clone().filter(|ours| config.line.call_number.as_ref().is_some_and(|theirs| theirs != ours)),
        origin: config.public.origin.to_string(),
        language: Language::En,
        desk: config.line.desk.clone(),
        hotline: config.line.hotline.clone(),
        mailboxes: config
            .accounts
            .iter()
            .filter_map(|account| {
                let crate::config::Account::Imap(imap) = account else { return None };
                Some((imap.answers_by.clone(), imap.address.clone()))
            })
            .collect(),
    }
}

/// A number as it is read: `(217) 555-0142`.
fn spaced_number(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('1').filter(|local| local.len() == 10) {
        Some(local) => format!("({}) {}-{}", &local[..3], &local[3..6], &local[6..]),
        None => number.to_owned(),
    }
}

/// A number as it is spoken: digit by digit, in groups.
fn spoken_number(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let local = if digits.len() == 11 && digits[0] == '1' { &digits[1..] } else { &digits[..] };
    let spaced = |part: &[char]| part.iter().map(char::to_string).collect::<Vec<_>>().join(" ");
    if local.len() == 10 { [spaced(&local[..3]), spaced(&local[3..6]), spaced(&local[6..])].join(", ") } else { spaced(local) }
}
