//! A plan as a page shows it: by organization and person, with the words that each organization hears and reads, and the button that
//! says how many.

use crate::desk::PlanShown;
use crate::http::staff::moment::{Left, Moment, PageClock};
use crate::http::staff::phrases;
use domain::channel::Means;
use domain::dispatch::plan::{Start, Step};
use domain::id::PersonKey;

/// The plan.
pub(in crate::http::staff) struct PlanView {
    pub(in crate::http::staff) level: &'static str,
    pub(in crate::http::staff) level_word: &'static str,
    pub(in crate::http::staff) due: Moment,
    pub(in crate::http::staff) left: Left,
    pub(in crate::http::staff) groups: Vec<Group>,
    pub(in crate::http::staff) notes: Vec<String>,
    pub(in crate::http::staff) button: String,
    pub(in crate::http::staff) standing_by: String,
    /// What the form sends back, so that what is dispatched is what was seen.
    pub(in crate::http::staff) fingerprint: String,
    /// "Demo County Police": who has accepted a summary in writing; empty when nobody has.
    pub(in crate::http::staff) take_a_summary: String,
}

/// An organization with the persons told there.
pub(in crate::http::staff) struct Group {
    pub(in crate::http::staff) organization: String,
    pub(in crate::http::staff) kind: &'static str,
    pub(in crate::http::staff) persons: Vec<Person>,
    /// What they will hear or read there: "On the phone" and the words.
    pub(in crate::http::staff) says: Vec<(&'static str, String)>,
}

/// A person, with every way they are told.
pub(in crate::http::staff) struct Person {
    key: PersonKey,
    pub(in crate::http::staff) name: String,
    /// Empty when the name says it already.
    pub(in crate::http::staff) role: String,
    pub(in crate::http::staff) ways: Vec<Way>,
}

/// One way.
pub(in crate::http::staff) struct Way {
    pub(in crate::http::staff) means: &'static str,
    pub(in crate::http::staff) tail: String,
    pub(in crate::http::staff) due: Moment,
    pub(in crate::http::staff) standby: Option<Moment>,
}

impl Person {
    /// Until when this person stands by on every way; none when any way starts at once.
    pub(in crate::http::staff) fn standby(&self) -> Option<&Moment> {
        if self.ways.iter().all(|way| way.standby.is_some()) { self.ways.first().and_then(|way| way.standby.as_ref()) } else { None }
    }
}

impl PlanView {
    pub(in crate::http::staff) fn new(shown: &PlanShown, clock: &PageClock) -> Self {
        let plan = &shown.plan;
        Self {
            fingerprint: shown.fingerprint.clone(),
            take_a_summary: shown.take_a_summary.join(", "),
            level: plan.level.title(),
            level_word: plan.level.as_str(),
            due: clock.moment(plan.due_at),
            left: clock.left(plan.due_at),
            groups: groups(&plan.steps, clock),
            notes: plan.notes.clone(),
            button: button(&plan.steps),
            standing_by: standing_by(&plan.steps),
        }
    }
}

/// Steps by organization and person, each where it first stands in the plan's order.
fn groups(steps: &[Step], clock: &PageClock) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for step in steps {
        let at = groups.iter().position(|group| group.organization == step.organization_name);
        let at = at.unwrap_or_else(|| {
            let kind = phrases::kind(step.kind);
            groups.push(Group { organization: step.organization_name.clone(), kind, persons: Vec::new(), says: Vec::new() });
            groups.len() - 1
        });
        groups[at].add(step, clock);
    }
    groups
}

impl Group {
    fn add(&mut self, step: &Step, clock: &PageClock) {
        let standby = match step.start {
            Start::Now(_) => None,
            Start::Standby(until) => Some(clock.moment(until)),
        };
        let way =
            Way { means: phrases::means(step.means), tail: phrases::tail(step.means, &step.tail), due: clock.moment(step.due_at), standby };
        match self.persons.iter_mut().find(|person| person.key == step.person) {
            Some(person) => person.ways.push(way),
            None => {
                let role = phrases::role(&step.person_name, &step.role);
                self.persons.push(Person { key: step.person.clone(), name: step.person_name.clone(), role, ways: vec![way] });
            }
        }
        let place = match step.means {
            Means::Call => "On the phone",
            Means::Mail => "In the mail",
            Means::Text => "In the text message",
        };
        if !self.says.iter().any(|(other, words)| *other == place && *words == step.says) {
            self.says.push((place, step.says.clone()));
        }
    }
}

fn count(steps: &[Step], means: Means, now: bool) -> usize {
    steps.iter().filter(|step| step.means == means && matches!(step.start, Start::Now(_)) == now).count()
}

/// "Call 9 and mail 12 people now".
fn button(steps: &[Step]) -> String {
    let verbs = [("call", Means::Call), ("text", Means::Text), ("mail", Means::Mail)];
    let parts: Vec<(&str, usize)> = verbs.iter().map(|(verb, means)| (*verb, count(steps, *means, true))).filter(|(_, n)| *n > 0).collect();
    let Some((_, last)) = parts.last() else { return "Start".to_owned() };
    let people = if *last == 1 { "person" } else { "people" };
    let said: Vec<String> = parts.iter().map(|(verb, n)| format!("{verb} {n}")).collect();
    let list = match said.as_slice() {
        [all @ .., end] if !all.is_empty() => format!("{} and {end}", all.join(", ")),
        one => one.concat(),
    };
    let mut text = format!("{list} {people} now");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// "6 more stand by: they start only if nobody at the school confirms."; empty when nobody does.
fn standing_by(steps: &[Step]) -> String {
    let n: usize = Means::ALL.into_iter().map(|means| count(steps, means, false)).sum();
    match n {
        0 => String::new(),
        1 => "1 more stands by: it starts only if nobody at the school confirms.".to_owned(),
        n => format!("{n} more stand by: they start only if nobody at the school confirms."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::directory::Kind;
    use jiff::Timestamp;

    fn step(person: &str, means: Means, start: Start) -> Step {
        Step {
            content: Default::default(),
            session: Default::default(),
            organization: "delta-high".parse().unwrap(),
            organization_name: "Delta High School".into(),
            kind: Kind::School,
            person: person.parse().unwrap(),
            person_name: person.into(),
            role: "Principal".into(),
            means,
            tail: "…42".into(),
            says: "There is a report.".into(),
            due_at: Timestamp::UNIX_EPOCH,
            start,
        }
    }

    #[test]
    fn the_button_says_how_many() {
        let now = |means, n: usize| (0..n).map(move |i| step(&format!("p{i}"), means, Start::Now(0)));
        let of = |calls, texts, mails| {
            button(&now(Means::Call, calls).chain(now(Means::Text, texts)).chain(now(Means::Mail, mails)).collect::<Vec<_>>())
        };
        assert_eq!(of(9, 0, 12), "Call 9 and mail 12 people now");
        assert_eq!(of(2, 1, 3), "Call 2, text 1 and mail 3 people now");
        assert_eq!(of(0, 0, 1), "Mail 1 person now");
        assert_eq!(of(0, 0, 0), "Start");
    }

    #[test]
    fn those_who_stand_by_are_not_counted_in_the_button() {
        let steps = [step("a", Means::Call, Start::Now(0)), step("b", Means::Call, Start::Standby(Timestamp::UNIX_EPOCH))];
        assert_eq!(button(&steps), "Call 1 person now");
        assert!(standing_by(&steps).starts_with("1 more stands by"));
        let groups = groups(&steps, &PageClock { now: Timestamp::UNIX_EPOCH, zone: jiff::tz::TimeZone::UTC });
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].persons.iter().map(|person| person.standby().is_some()).collect::<Vec<_>>(), [false, true]);
        assert_eq!(groups[0].says.len(), 1, "the same words are shown once");
    }
}
