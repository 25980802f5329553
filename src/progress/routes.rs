//! Which lane serves what: the table from means and account to lanes, and the choice among them.
//!
//! Endusers can be told by any account that has the means: the choice is the first whose circuit is closed, and another carrier than the one
//! that has just failed. Reporters cannot: an answer comes from the number that they wrote to. There is always a lane, whatever the
//! circuits say: when none is trusted, the one that will be tried first.

use crate::links::Links;
use crate::links::circuits::Circuits;
use crate::store::rows::Author;
use domain::channel::{Channel, Means};
use domain::dispatch::delivery::Delivery;
use domain::dispatch::obligation::Obligation;
use domain::id::{AccountKey, LaneKey};
use domain::level::Level;
use domain::sealed::Address;

/// One lane: a sending identity with its own pace.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Its key: `{account}-{means}`.
    pub key: LaneKey,
    /// Its account.
    pub account: AccountKey,
    /// What it sends.
    pub means: Means,
    /// The sending identity: our number or mailbox.
    pub from: Address,
    /// The most requests in a second; `None` is unpaced.
    pub per_second: Option<f64>,
}

/// All lanes, in order of preference. There is at least one.
#[derive(Debug, Clone)]
pub struct Routes {
    first: Lane,
    lanes: Vec<Lane>,
    answers: Vec<(AccountKey, AccountKey)>,
    links: Links,
}

impl Routes {
    /// The lanes in order of preference; `None` when there are none.
    pub fn new(lanes: Vec<Lane>) -> Option<Self> {
        lanes.first().cloned().map(|first| Self { first, lanes, answers: Vec::new(), links: Links::default() })
    }
    /// The same, and what comes by the first account of each pair is answered by the second (a mailbox that is only read).
    #[must_use]
    pub fn with_answers(self, answers: Vec<(AccountKey, AccountKey)>) -> Self {
        Self { answers, ..self }
    }
    /// A lane.
    pub fn lane(&self, key: &LaneKey) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.key == *key)
    }
    /// Every lane.
    pub fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter()
    }
    /// Whether endusers can be told by these means.
    pub fn serves(&self, means: Means) -> bool {
        self.lanes().any(|lane| lane.means == means)
    }
    /// Whether lanes are trusted.
    pub fn circuits(&self) -> &Circuits {
        &self.links.circuits
    }
    /// What is known of the links.
    pub fn links(&self) -> &Links {
        &self.links
    }
    /// The lane for telling endusers by these means now. Plans hold only means that are served; should the configuration have lost one since,
    /// its obligations go to the first lane and fail there, seen, instead of being forgotten.
    pub fn for_means(&self, means: Means) -> &Lane {
        self.choose(means, None)
    }
    /// The lane for an obligation's next attempt: of another account than the one whose carrier has just failed it, if one can be used.
    pub fn for_obligation(&self, obligation: &Obligation) -> &Lane {
        self.choose(obligation.step.means, failed_account(obligation))
    }
    /// Whether an obligation's next attempt may go by this lane: then work that is there stays there.
    pub fn may_stay(&self, obligation: &Obligation, lane: &Lane) -> bool {
        let usable = lane.means == obligation.step.means && self.links.circuits.is_closed(&lane.key);
        usable && failed_account(obligation) != Some(&lane.account)
    }
    /// Whether another account than this one could take these means now.
    pub fn has_other(&self, means: Means, account: &AccountKey) -> bool {
        self.lanes().any(|lane| lane.means == means && lane.account != *account && self.links.circuits.is_closed(&lane.key))
    }
    /// The first trusted lane, not of the avoided account; else the first trusted; else the one that is tried again first.
    fn choose(&self, means: Means, avoid: Option<&AccountKey>) -> &Lane {
        let order = |lane: &&Lane| {
            let shut = (!self.links.circuits.is_closed(&lane.key)).then(|| self.links.circuits.ready_at(&lane.key));
            (shut, Some(&lane.account) == avoid)
        };
        // Of equals the first stays, and `None` is before every time.
        self.lanes().filter(|lane| lane.means == means).min_by_key(order).unwrap_or(&self.first)
    }
    /// The lane that answers reporters who came in by this account and channel; `None` when nothing can be sent to them (a call, our
    /// own pages): an answer is then kept until they come back.
    pub fn for_reply(&self, account: &AccountKey, channel: Channel) -> Option<&Lane> {
        let means = match channel {
            Channel::Text | Channel::Whatsapp | Channel::Messenger => Means::Text,
            Channel::Mail => Means::Mail,
            Channel::Voice | Channel::Chat | Channel::Web => return None,
        };
        let account = self.answers.iter().find(|(reads, _)| reads == account).map_or(account, |(_, answers)| answers);
        self.lanes().find(|lane| lane.account == *account && lane.means == means)
    }
}

/// The account whose carrier has just failed this obligation.
fn failed_account(obligation: &Obligation) -> Option<&AccountKey> {
    obligation.went_by.as_ref().filter(|_| obligation.carrier_failed)
}

/// The urgency of work: level first, then the turn within it (0 to 99), then the place in the plan (0 to 999), so that the PSAP stays first
/// on every lane. A tip that nobody sorted yet counts as Critical (R44).
pub fn rank(level: Option<Level>, turn: u16, place: u32) -> i32 {
    let level = match level {
        None | Some(Level::Critical) => 0,
        Some(Level::Standard) => 1,
        Some(Level::Other) => 2,
    };
    let place = i32::try_from(place.min(999)).unwrap_or(999);
    (level * 100 + i32::from(turn.min(99))) * 1000 + place
}

/// Above every urgency of what is Critical, or may be.
pub const BELOW_CRITICAL: i32 = 100_000;

/// The urgency of a drill: after everything real, asking the carrier included.
pub fn drill_rank(place: u32) -> i32 {
    let place = i32::try_from(place.min(999)).unwrap_or(999);
    DRILL_RANKS + place
}

/// Where the ranks of drills begin: above the last that [`rank`] gives.
const DRILL_RANKS: i32 = 1_000_000;

/// The turn of a message to a reporter on the text lane: an analyst's answer before automatic words, and asking the carrier after both.
/// Not by the tip's level: somebody waits at both ends of every answer.
pub fn message_turn(author: Author, delivery: &Delivery) -> u16 {
    match (delivery, author) {
        (Delivery::Waiting { .. }, Author::Staff(_) | Author::Reporter) => 6,
        (Delivery::Waiting { .. }, Author::System) => 10,
        (Delivery::InFlight { .. } | Delivery::Sent { .. }, _) => ASKING_TURN,
        (
            Delivery::Kept { .. }
            | Delivery::Delivered { .. }
            | Delivery::Unconfirmed { .. }
            | Delivery::Unknown { .. }
            | Delivery::Failed { .. },
            _,
        ) => ASKING_TURN,
    }
}

/// The turn of work on media, on a lane of its own.
pub const MEDIA_TURN: u16 = 20;

/// The turn of work that only asks the carrier: after everything that sends.
pub const ASKING_TURN: u16 = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::circuit::News;

    fn account(name: &str) -> AccountKey {
        name.parse().unwrap()
    }

    fn lane(name: &str, means: Means) -> Lane {
        let key = format!("{name}-{}", means.as_str()).parse().unwrap();
        Lane { key, account: account(name), means, from: Address::new(""), per_second: None }
    }

    #[test]
    fn endusers_are_told_by_the_first_that_is_trusted_and_has_not_just_failed() {
        let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let routes = || Routes::new(vec![lane("a", Means::Text), lane("a", Means::Call), lane("b", Means::Call)]).unwrap();
        // Which are refused, which account is avoided, and who is chosen.
        let table: [(&[&str], Option<&str>, &str); 6] = [
            (&[], None, "a-call"),
            (&[], Some("a"), "b-call"),
            (&["a-call"], None, "b-call"),
            (&["a-call"], Some("b"), "b-call"),
            (&["a-call", "b-call"], None, "a-call"),
            (&["a-call", "b-call"], Some("a"), "b-call"),
        ];
        for (refused, avoid, expected) in table {
            let routes = routes();
            for key in refused {
                routes.circuits().take(&key.parse().unwrap(), News::Refused, now);
            }
            let avoid = avoid.map(account);
            assert_eq!(routes.choose(Means::Call, avoid.as_ref()).key.as_str(), expected, "{refused:?} {avoid:?}");
        }
        let other = routes();
        assert!(other.has_other(Means::Call, &account("a")) && !other.has_other(Means::Text, &account("a")));
    }

    #[test]
    fn what_a_mailbox_reads_is_answered_by_the_account_that_mails() {
        let routes = Routes::new(vec![lane("main", Means::Text), lane("alerts", Means::Mail), lane("mail", Means::Mail)]).unwrap();
        let routes = routes.with_answers(vec![(account("tips"), account("mail"))]);
        let by = |name: &str, channel| routes.for_reply(&account(name), channel).map(|lane| lane.key.to_string());
        assert_eq!(by("tips", Channel::Mail), Some("mail-mail".to_owned()), "not by the first that mails");
        assert_eq!(by("main", Channel::Text), Some("main-text".to_owned()));
        assert_eq!(by("tips", Channel::Text), None);
        assert_eq!(by("other", Channel::Mail), None);
    }
}
