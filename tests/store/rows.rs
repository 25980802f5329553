//! Plainly fictional rows. Every number gives other ids.

use domain::channel::{Channel, Means};
use domain::conversation::reference::Reference;
use domain::conversation::triage::Triage;
use domain::conversation::{Conversation, State, WayBack};
use domain::directory::Kind;
use domain::dispatch::delivery::Delivery;
use domain::dispatch::evidence::Evidence;
use domain::dispatch::obligation::Obligation;
use domain::dispatch::plan::{Session, Start, Step, StepContent};
use domain::dispatch::purpose::Purpose;
use domain::exchange::{Nature, Part};
use domain::id::*;
use domain::language::Language;
use domain::level::Level;
use jiff::{SignedDuration, Timestamp};
use tipline::audit::{Action, Actor, Entry};
use tipline::store::commit::{Commit, Once, Write};
use tipline::store::rows::*;
use tipline::vault::sealed::{BlindIndex, Sealed, WrappedKey};
use uuid::Uuid;

/// A moment: `minutes` after the suite's beginning, with microseconds in it.
pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_123_456).unwrap() + SignedDuration::from_mins(minutes)
}

/// Ids of table `table`, number `n`.
pub fn uuid(table: u8, n: u32) -> Uuid {
    Uuid::from_u128((u128::from(table) << 96) | u128::from(n))
}
pub fn tip_id(n: u32) -> ConversationId {
    ConversationId::new(uuid(1, n))
}
pub fn message_id(n: u32) -> MessageId {
    MessageId::new(uuid(2, n))
}
pub fn obligation_id(n: u32) -> ObligationId {
    ObligationId::new(uuid(3, n))
}
pub fn attempt_id(n: u32) -> AttemptId {
    AttemptId::new(uuid(4, n))
}
pub fn dispatch_id(n: u32) -> DispatchId {
    DispatchId::new(uuid(5, n))
}
pub fn task_id(n: u32) -> TaskId {
    TaskId::new(uuid(6, n))
}
pub fn staff_id(n: u32) -> StaffId {
    StaffId::new(uuid(7, n))
}
pub fn lane(name: &str) -> LaneKey {
    name.parse().unwrap()
}
pub fn account(name: &str) -> AccountKey {
    name.parse().unwrap()
}

/// An index that differs for every `n` of a `kind`.
pub fn index(kind: u8, n: u32) -> BlindIndex {
    let mut bytes = [kind; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    BlindIndex(bytes)
}

/// A new tip, received at minute `n`.
pub fn tip(n: u32) -> ConversationRow {
    ConversationRow {
        conversation: Conversation {
            drill: false,
            id: tip_id(n),
            reference: Reference::from_bits((n << 2).to_be_bytes()),
            alias: "Quiet \"Heron\"".to_owned(),
            channel: Channel::Text,
            language: n.is_multiple_of(2).then_some(Language::Ar),
            received_at: at(i64::from(n)),
            state: State::Open,
            way_back: WayBack::Open,
            triage: Triage::default(),
            triaged_at: None,
            dispatched_at: None,
            claimed_by: None,
        },
        version: 0,
        key: WrappedKey(vec![0, 1, 2, 0xff, n as u8]),
        code_index: index(1, n),
        last_seq: 0,
        unread: 0,
        updated_at: at(i64::from(n)),
    }
}

pub fn new_tip(n: u32) -> Write {
    Write::Conversation(Box::new(tip(n)))
}

/// The address `n` of tip `tip`.
pub fn contact(n: u32, tip: u32) -> ContactRow {
    ContactRow {
        handle: ContactHandle::new(uuid(8, n)),
        conversation: tip_id(tip),
        account: account("main"),
        channel: Channel::Text,
        index: index(2, n),
        address: Sealed(vec![9; 52]),
        ours: Sealed(vec![8; 52]),
        created_at: at(i64::from(n)),
        current: true,
    }
}

/// The message `n` of tip `tip`.
pub fn message(n: u32, tip: u32, author: Author) -> MessageRow {
    MessageRow {
        body: Sealed(format!("sealed {n}").into_bytes()),
        provider: (author == Author::Reporter).then(|| (account("main"), format!("SM{n:032x}"))),
        sent_at: (author == Author::Reporter).then(|| at(i64::from(n) - 1)),
        part: n.is_multiple_of(3).then(|| Part { whole: "7 \"x\"".to_owned(), number: 1, of: 2 }),
        nature: if n.is_multiple_of(5) { Nature::Automatic } else { Nature::Person },
        source: n.is_multiple_of(2).then(|| Sealed(vec![3; n as usize % 90])),
        delivery: (author != Author::Reporter).then(|| Delivery::Waiting { next_at: at(i64::from(n)), made: 0 }),
        ..MessageRow::new(message_id(n), tip_id(tip), author, Channel::Text, at(i64::from(n)))
    }
}

pub fn says(n: u32, tip: u32) -> Write {
    Write::Message(Box::new(message(n, tip, Author::Reporter)))
}

pub fn once(key: &str) -> Option<Once> {
    Some(Once { account: account("main"), key: key.to_owned(), at: at(0) })
}

/// What an inbound text of an unknown address writes, as the intake does it.
pub fn first_text(n: u32) -> Commit {
    let first_words = message(n + 1_000_000, n, Author::System);
    let work = WorkRow { id: WorkId::Message(first_words.id), lane: lane("main-text"), rank: 0, due_at: at(0), run_at: at(0) };
    Commit {
        once: once(&format!("SM{n:032x}")),
        writes: vec![
            new_tip(n),
            Write::Contact(Box::new(contact(n, n))),
            says(n, n),
            Write::Message(Box::new(first_words)),
            Write::Work(work),
        ],
        audit: vec![entry(n, Action::TipReceived { channel: Channel::Text }), entry(n, Action::FirstWords)],
    }
}

pub fn entry(tip: u32, action: Action) -> Entry {
    Entry { conversation: tip_id(tip), at: at(i64::from(tip)), actor: Actor::Reporter, action }
}

/// A telling of tip `tip`.
pub fn dispatch(n: u32, tip: u32) -> DispatchRow {
    DispatchRow {
        id: dispatch_id(n),
        conversation: tip_id(tip),
        level: Level::Critical,
        started_at: at(5),
        due_at: at(20),
        started_by: Some(staff_id(1)),
        purpose: Purpose::Tip,
        summary: Some(Sealed(b"sealed summary".to_vec())),
        excluded: vec!["delta-principal".parse().unwrap()],
    }
}

/// The obligation `n`, at its place in dispatch `dispatch` of tip `tip`, due at minute `due`.
pub fn obligation(n: u32, dispatch: u32, tip: u32, due: i64) -> ObligationRow {
    let step = Step {
        organization: "delta-high".parse().unwrap(),
        organization_name: "Delta High School".to_owned(),
        kind: Kind::School,
        person: "delta-principal".parse().unwrap(),
        person_name: "Pat Example".to_owned(),
        role: "Principal".to_owned(),
        means: Means::Call,
        tail: "…42".to_owned(),
        says: "There is a report.\nKey the code.".to_owned(),
        due_at: at(due),
        start: Start::Now(0),
        content: StepContent::Summary,
        session: Session::Out,
    };
    let obligation = Obligation::new(obligation_id(n), dispatch_id(dispatch), tip_id(tip), Level::Critical, step, at(5));
    ObligationRow { obligation, place: n, version: 0 }
}

/// The attempt `n` at obligation `obligation` of tip `tip`.
pub fn attempt(n: u32, obligation: u32, tip: u32) -> AttemptRow {
    AttemptRow {
        id: attempt_id(n),
        owner: Owner::Obligation(obligation_id(obligation)),
        conversation: tip_id(tip),
        lane: lane("main-call"),
        account: account("main"),
        means: Means::Call,
        intended_at: at(i64::from(n)),
        provider_id: None,
        answer: None,
        evidence: Evidence::default(),
        call: None,
        point: 1,
        version: 0,
    }
}

/// Work on obligation `n`.
pub fn work(n: u32, lane_name: &str, rank: i32, due: i64, run: i64) -> WorkRow {
    WorkRow { id: WorkId::Obligation(obligation_id(n)), lane: lane(lane_name), rank, due_at: at(due), run_at: at(run) }
}

pub fn task(n: u32, tip: u32) -> TaskRow {
    TaskRow {
        id: task_id(n),
        conversation: tip_id(tip),
        obligation: Some(obligation_id(n)),
        what: "Call the Principal of Delta High School by hand: nobody confirmed.".to_owned(),
        created_at: at(i64::from(n)),
        kind: TaskKind::FollowUp,
        due_at: Some(at(i64::from(n) + 10)),
    }
}
