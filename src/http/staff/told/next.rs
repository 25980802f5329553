//! What the program does by itself if nothing happens, and how a dispatch stands in one line.

use crate::desk::view::Obligation;
use crate::http::staff::moment::PageClock;
use domain::channel::Means;
use domain::dispatch::obligation::{Satisfaction, State};

/// The next step of one obligation, as a sentence; empty when there is none.
pub(super) fn sentence(obligation: &Obligation, clock: &PageClock) -> String {
    let at = |time| clock.moment(time).text().to_owned();
    match &obligation.state {
        State::Standby { until } => format!("Starts at {} if nobody at the school has confirmed.", at(*until)),
        State::Waiting { .. } => "Goes on by itself; if nobody confirms in the end, a task is raised for a person.".to_owned(),
        State::InFlight { check_at, .. } => format!("If nothing is heard by {}, the carrier is asked what became of it.", at(*check_at)),
        State::Satisfied { by: Satisfaction::Notified, .. } => "Nothing more happens by itself. They can still confirm.".to_owned(),
        State::Satisfied { by: Satisfaction::Confirmed(_) | Satisfaction::ConfirmedElsewhere, .. } | State::Released { .. } => {
            String::new()
        }
        State::Failed { .. } => "Nothing more happens by itself: a task asks a person to take over.".to_owned(),
    }
}

/// "3 of 9 calls confirmed", "12 of 12 mails sent", "2 stand by", "1 failed".
pub(super) fn summary(obligations: &[Obligation]) -> Vec<String> {
    let count = |test: &dyn Fn(&Obligation) -> bool| obligations.iter().filter(|o| test(o)).count();
    let needed = |o: &Obligation| !matches!(o.state, State::Standby { .. } | State::Released { .. });
    let told = |o: &Obligation| matches!(o.state, State::Satisfied { .. });
    let calls = count(&|o| o.means == Means::Call && needed(o));
    let mails = count(&|o| o.means != Means::Call && needed(o));
    let mut parts = Vec::new();
    if calls > 0 {
        parts.push(format!(
            "{} of {calls} {} confirmed",
            count(&|o| o.means == Means::Call && o.confirmed_at.is_some()),
            plural(calls, "call")
        ))
    }
    if mails > 0 {
        parts.push(format!("{} of {mails} {} sent", count(&|o| o.means != Means::Call && told(o)), plural(mails, "mail")))
    }
    let confirmed_mails = count(&|o| o.means != Means::Call && o.confirmed_at.is_some());
    if confirmed_mails > 0 {
        parts.push(format!("{confirmed_mails} confirmed by mail"))
    }
    let standing_by = count(&|o| matches!(o.state, State::Standby { .. }));
    if standing_by > 0 {
        parts.push(format!("{standing_by} standing by"))
    }
    let failed = count(&|o| matches!(o.state, State::Failed { .. }));
    if failed > 0 {
        parts.push(format!("{failed} failed"))
    }
    let overdue = count(&|o| o.breached_at.is_some() && o.confirmed_at.is_none());
    if overdue > 0 {
        parts.push(format!("{overdue} overdue"))
    }
    parts
}

fn plural(n: usize, word: &str) -> String {
    if n == 1 { word.to_owned() } else { format!("{word}s") }
}
