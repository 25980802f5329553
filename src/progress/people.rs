//! Whom an obligation tells, as the directory has them now: their numbers, and the channel that stands in for one that came to nothing.
//!
//! The rules say that something came to nothing; here is looked up what comes next. A directory that cannot be read holds nothing back: the
//! attempt then goes to the first address listed, as it would without a choice.

use crate::clock::Clock;
use crate::config::Config;
use crate::desk::directory::{DirectoryReader, person};
use crate::progress::routes::Routes;
use crate::store::Store;
use domain::calendar::Calendar;
use domain::channel::Means;
use domain::directory::{Directory, Kind, Person};
use domain::dispatch::obligation::{Obligation, next_means};
use domain::dispatch::plan::Step;
use domain::dispatch::policy::Policy;
use domain::dispatch::telling::Telling;
use domain::id::{CalendarKey, PersonKey};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who can be told.
#[derive(Clone)]
pub struct People {
    /// The directory.
    pub directory: DirectoryReader,
    /// The hours of numbers.
    pub calendars: Arc<BTreeMap<CalendarKey, Calendar>>,
    /// The line's name, for the words of a step.
    pub line_name: String,
}

/// The directory as read for one decision.
pub(super) struct Listed<'a> {
    people: &'a People,
    directory: Option<Arc<Directory>>,
}

impl People {
    /// The people of this store's directory.
    pub fn new(store: Arc<dyn Store>, clock: Clock, config: &Config) -> Self {
        let directory = DirectoryReader::new(store, clock);
        Self { directory, calendars: Arc::new(config.calendars().clone()), line_name: config.line.name.clone() }
    }
    pub(super) async fn listed(&self) -> Listed<'_> {
        let directory = self.directory.read().await;
        if let Err(error) = &directory {
            tracing::warn!(error = %error, "the directory was not read; first addresses are taken");
        }
        Listed { people: self, directory: directory.ok() }
    }
}

impl Listed<'_> {
    fn person(&self, obligation: &Obligation) -> Option<&Person> {
        let step = &obligation.step;
        person(self.directory.as_ref()?, &step.organization, &step.person)
    }
    /// How many addresses of its means the person has.
    pub(super) fn points(&self, obligation: &Obligation) -> u32 {
        let count = self.person(obligation).map_or(1, |person| person.points(obligation.step.means).count());
        u32::try_from(count).unwrap_or(u32::MAX)
    }
    /// The address that the attempt just decided on goes to.
    pub(super) fn point(&self, obligation: &Obligation, now: Timestamp) -> u8 {
        let point = self.person(obligation).and_then(|person| obligation.next_point(person, now, &self.people.calendars));
        point.map_or(0, |(place, _)| place)
    }
    /// The step that stands in for an obligation that failed, if there is a channel left that the dispatch does not have.
    pub(super) fn next_step(&self, failed: &Obligation, dispatch: &[Obligation], with: (&Routes, &Policy, Timestamp)) -> Option<Step> {
        let (routes, policy, now) = with;
        let person = self.person(failed)?;
        let has = |means: Means| routes.serves(means) && person.points(means).next().is_some();
        let means = next_means(failed, dispatch, has)?;
        self.telling(policy, now)?.instead(failed, means)
    }
    /// The district's mails, for a school that mails alone were promised to and none can reach (R10); nothing when it is told already.
    pub(super) fn district_steps(
        &self,
        failed: &Obligation,
        dispatch: &[Obligation],
        excluded: &[PersonKey],
        (policy, now): (&Policy, Timestamp),
    ) -> Vec<Step> {
        let told = dispatch.iter().any(|obligation| obligation.step.kind == Kind::District);
        if told { Vec::new() } else { self.telling(policy, now).map_or_else(Vec::new, |telling| telling.district(failed, excluded)) }
    }
    fn telling<'b>(&'b self, policy: &'b Policy, now: Timestamp) -> Option<Telling<'b>> {
        let (directory, calendars) = (self.directory.as_ref()?, &self.people.calendars);
        Some(Telling { now, directory, calendars, policy, line_name: &self.people.line_name })
    }
}
