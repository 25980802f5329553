//! What comes next when something came to nothing: the person's other number, their other channel, the district (R10).
//!
//! Pure questions over obligations and the directory; that something came to nothing is `decide`'s to say, and the shell starts what is named
//! here. What surprises: a channel is started at most once for a person in a dispatch, so that fall-backs end.

use super::obligation::{Obligation, State};
use super::purpose::Purpose;
use crate::calendar::Calendar;
use crate::channel::Means;
use crate::directory::{ContactPoint, Kind, Person};
use crate::id::CalendarKey;
use crate::level::Level;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Obligation {
    /// Which of the person's points the attempt that was just decided goes to: one after the other among those whose hours it is, but none
    /// that is known to be bad. A drill tries every point, whatever its hours. Should all be bad (the list was changed since), they count
    /// as good again.
    pub fn next_point<'a>(
        &self,
        person: &'a Person,
        now: Timestamp,
        calendars: &BTreeMap<CalendarKey, Calendar>,
    ) -> Option<(u8, &'a ContactPoint)> {
        let means = self.step.means;
        let open = |point: &ContactPoint| {
            let calendar = point.hours.as_ref().and_then(|key| calendars.get(key));
            self.purpose == Purpose::Drill || calendar.is_none_or(|calendar| calendar.is_open(now))
        };
        let good: Vec<_> = person.points(means).filter(|(place, _)| !self.bad_points.contains(place)).collect();
        let now_open: Vec<_> = good.iter().copied().filter(|(_, point)| open(point)).collect();
        let tried = self.attempts.saturating_sub(1);
        let list = [now_open, good, person.points(means).collect()].into_iter().find(|list| !list.is_empty())?;
        let turn = usize::try_from(tried).unwrap_or(usize::MAX).checked_rem(list.len())?;
        list.get(turn).copied()
    }
}

/// By what the endusers of a school must be told at this level: Critical by a call, the others by a mail (R14 to R16).
pub const fn promised(level: Level) -> Means {
    match level {
        Level::Critical => Means::Call,
        Level::Standard | Level::Other => Means::Mail,
    }
}

/// Whether all that was promised to the school's own contacts has failed, so that the district's turn has come (R10): at Critical all calls,
/// else all mails. False while any may still succeed, and when somebody at the school has confirmed.
pub fn school_unreachable(obligations: &[Obligation]) -> bool {
    let to_school = |o: &&Obligation| o.step.kind == Kind::School && o.step.means == promised(o.level) && o.purpose.tells_of_tip();
    let mut all = obligations.iter().filter(to_school).peekable();
    all.peek().is_some() && all.all(|one| matches!(one.state, State::Failed { .. })) && !school_reached(obligations)
}

/// Whether somebody at the school has confirmed, on whatever channel.
pub fn school_reached(obligations: &[Obligation]) -> bool {
    obligations.iter().any(|o| o.step.kind == Kind::School && o.confirmed_at.is_some())
}

/// The channel that stands in for one that came to nothing ([`Effect::StartNext`](super::obligation::Effect::StartNext)): for a mail a call,
/// else a text; for a text a mail, else a call; for a call a mail, else a text (at Critical those went out beside it, and the district stands
/// by: R10). None while the person is being told by the first of these that they have, or was told by it; what failed as well is passed over.
/// `has` says whether the person has a point of this means, by a lane that is served.
pub fn next_means(closed: &Obligation, dispatch: &[Obligation], has: impl Fn(Means) -> bool) -> Option<Means> {
    let turns: &[Means] = match closed.step.means {
        Means::Call => &[Means::Mail, Means::Text],
        Means::Mail => &[Means::Call, Means::Text],
        Means::Text => &[Means::Mail, Means::Call],
    };
    let same = |o: &&Obligation| o.step.person == closed.step.person && o.step.organization == closed.step.organization;
    for means in turns.iter().copied().filter(|means| has(*means)) {
        match dispatch.iter().filter(same).find(|o| o.step.means == means).map(|o| &o.state) {
            None => return Some(means),
            Some(State::Failed { .. }) => {}
            Some(State::Standby { .. } | State::Waiting { .. } | State::InFlight { .. }) => return None,
            Some(State::Satisfied { .. } | State::Released { .. }) => return None,
        }
    }
    None
}
