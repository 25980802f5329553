//! The carriers' side: what really became of each attempt, and what its carrier says about it.
//!
//! A leg exists only if the carrier took the attempt. The mood of a history decides how often it fails, lies by silence, repeats itself or
//! cannot be asked. Nothing here knows the rules under test.

use domain::SignedDuration;
use domain::Timestamp;
use domain::channel::Means;
use domain::dispatch::evidence::End;
use domain::dispatch::obligation::SendOutcome;
use domain::exchange::AnsweredBy;
use domain::id::AttemptId;
use std::collections::BTreeMap;

/// How bad this history is; probabilities from 0 to 1.
#[derive(Debug, Clone)]
pub struct Mood {
    pub callback_lost: f64,
    pub callback_doubled: f64,
    pub callback_late: f64,
    pub fault: f64,
    pub fault_though_taken: f64,
    pub throttled: f64,
    pub timeout_taken: f64,
    pub timeout_lost: f64,
    pub answer_lost: f64,
    pub crash_at_send: f64,
    pub crash_before_record: f64,
    pub crashes: u32,
    pub find: Find,
    /// Nothing goes wrong but at the endusers' ends.
    pub calm: bool,
    /// No request gets through to this carrier in this time.
    pub outages: [Option<Outage>; 2],
    /// How many carriers there are, and how many nodes.
    pub carriers: usize,
    pub nodes: usize,
    /// How often the clock that decides is set forward or back, and how often a node stops for a while and goes on.
    pub clock_steps: u32,
    pub pauses: u32,
    /// The requests that a lane may make in a second.
    pub pace: f64,
}

/// A carrier takes nothing in this time, and says so in its way.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    pub from: Timestamp,
    pub to: Timestamp,
    /// It answers 429, with this wait.
    pub throttles: Option<i64>,
}

impl Outage {
    pub fn at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }
}

/// How well the carrier can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    /// Always true.
    Works,
    /// Never answers.
    Fails,
    /// Fails now and then.
    Flaky,
    /// Does not yet show what is younger than a minute.
    Stale,
}

impl Mood {
    pub fn random(rng: &mut fastrand::Rng, received_at: Timestamp) -> Self {
        // A third of the histories is calm, so that the ordinary way is walked too.
        let badness = if rng.f64() < 0.33 { 0.0 } else { rng.f64() };
        let mut some = |most: f64| rng.f64() * most * badness;
        let mut mood = Self {
            callback_lost: some(0.5),
            callback_doubled: some(0.5),
            callback_late: some(0.5),
            fault: some(0.3),
            fault_though_taken: some(0.1),
            throttled: some(0.3),
            timeout_taken: some(0.2),
            timeout_lost: some(0.2),
            answer_lost: some(0.1),
            crash_at_send: some(0.02),
            crash_before_record: some(0.02),
            crashes: 0,
            find: Find::Works,
            calm: badness == 0.0,
            outages: [None, None],
            carriers: 1,
            nodes: 1,
            clock_steps: 0,
            pauses: 0,
            pace: [0.5, 2.0, 10.0][rng.usize(..3)],
        };
        mood.carriers = rng.usize(1..=2);
        mood.nodes = rng.usize(1..=2);
        if badness > 0.0 {
            mood.find = [Find::Works, Find::Fails, Find::Flaky, Find::Stale][rng.usize(..4)];
            mood.crashes = rng.u32(..3);
            mood.clock_steps = rng.u32(..3);
            mood.pauses = if mood.nodes == 2 { rng.u32(..3) } else { 0 };
        }
        if badness > 0.4 {
            for outage in &mut mood.outages {
                if rng.f64() < 0.4 {
                    let from = later(received_at, rng.i64(-60..900));
                    let throttles = (rng.f64() < 0.3).then(|| rng.i64(0..120));
                    *outage = Some(Outage { from, to: later(from, rng.i64(10..4000)), throttles });
                }
            }
        }
        mood
    }
}

/// What the carrier really has of an attempt.
#[derive(Debug, Clone)]
pub struct Leg {
    pub created_at: Timestamp,
    pub ended: Option<(Timestamp, End)>,
    /// The line has been put down; what is heard later is not heard.
    pub over: bool,
    /// Counts the callbacks, so that each is unique.
    pub callbacks: u32,
}

/// What an enduser's address is like in this history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Habit {
    /// Does this and that.
    Ordinary,
    /// Confirms whenever it can.
    Diligent,
    /// Never picks up.
    Away,
    /// Always engaged.
    Engaged,
    /// The carrier will never take this address.
    Invalid,
    /// The address is somebody else's.
    Stranger,
}

/// What happens on the line of one call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ring {
    Busy,
    NoAnswer,
    Fails(Option<i64>),
    Answers(AnsweredBy, Manner),
}

/// What a person at the phone does when asked for the code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    KeysRight,
    KeysWrongThenRight,
    KeysWrong,
    /// Keys the code of an earlier call.
    KeysOld,
    Silent,
    HangsUp,
    /// Keys 9: not me.
    KeysNine,
    /// Keys 0 and then their PIN.
    KeysPin,
    /// Keys 0 and then something else.
    KeysWrongPin,
}

impl Ring {
    pub fn random(rng: &mut fastrand::Rng, habit: Habit) -> Self {
        use AnsweredBy as By;
        let manner = match habit {
            Habit::Diligent => Manner::KeysRight,
            Habit::Stranger => [Manner::KeysNine, Manner::KeysNine, Manner::HangsUp, Manner::Silent][rng.usize(..4)],
            Habit::Ordinary | Habit::Away | Habit::Engaged | Habit::Invalid => {
                let all = [
                    Manner::KeysRight,
                    Manner::KeysWrongThenRight,
                    Manner::KeysWrong,
                    Manner::KeysOld,
                    Manner::Silent,
                    Manner::HangsUp,
                    Manner::KeysPin,
                    Manner::KeysWrongPin,
                ];
                all[rng.usize(..all.len())]
            }
        };
        match habit {
            Habit::Invalid => Ring::Fails(Some(13224)),
            Habit::Away => [Ring::NoAnswer, Ring::Answers(By::MachineReady, Manner::Silent)][rng.usize(..2)],
            Habit::Engaged => Ring::Busy,
            Habit::Diligent | Habit::Stranger => Ring::Answers([By::Human, By::Unknown][rng.usize(..2)], manner),
            Habit::Ordinary => match rng.u32(..10) {
                0 | 1 => Ring::Busy,
                2 | 3 => Ring::NoAnswer,
                4 => Ring::Fails([None, Some(30001)][rng.usize(..2)]),
                5 => Ring::Answers([By::MachineReady, By::MachineSpeaking][rng.usize(..2)], manner),
                6 => Ring::Answers(By::Fax, manner),
                7 => Ring::Answers(By::Unknown, manner),
                _ => Ring::Answers(By::Human, manner),
            },
        }
    }
}

/// All legs, by attempt.
#[derive(Debug, Default)]
pub struct Carrier {
    pub legs: BTreeMap<AttemptId, Leg>,
}

impl Carrier {
    /// Takes or refuses an attempt; the leg exists afterwards if it was taken, whatever the answer says.
    pub fn request(&mut self, rng: &mut fastrand::Rng, mood: &Mood, asked: Asked, now: Timestamp) -> SendOutcome {
        let Asked { by, attempt, habit, means } = asked;
        if let Some(outage) = mood.outages[by].filter(|outage| outage.at(now)) {
            return match outage.throttles {
                Some(wait) => SendOutcome::Throttled((wait > 0).then(|| SignedDuration::from_secs(wait))),
                None if rng.f64() < 0.7 => SendOutcome::Transient,
                None => SendOutcome::Unknown,
            };
        }
        if habit == Habit::Invalid && means != Means::Mail && rng.bool() {
            return if means == Means::Text && rng.bool() { SendOutcome::OptedOut } else { SendOutcome::Permanent };
        }
        let mut dice = rng.f64();
        let mut falls = |probability: f64| {
            dice -= probability;
            dice < 0.0
        };
        let (taken, outcome) = if falls(mood.fault) {
            (false, SendOutcome::Transient)
        } else if falls(mood.fault_though_taken) {
            (true, SendOutcome::Transient)
        } else if falls(mood.throttled) {
            let waits = [None, Some(SignedDuration::from_secs(1)), Some(SignedDuration::from_secs(900))];
            (false, SendOutcome::Throttled(waits[rng.usize(..3)]))
        } else if falls(mood.timeout_taken) {
            (true, SendOutcome::Unknown)
        } else if falls(mood.timeout_lost) {
            (false, SendOutcome::Unknown)
        } else {
            (true, SendOutcome::Accepted)
        };
        if taken {
            self.legs.insert(attempt, Leg { created_at: now, ended: None, over: false, callbacks: 0 });
        }
        outcome
    }

    /// Looks for an attempt: `Err` when the carrier cannot be asked, `Ok(None)` when it shows no trace.
    pub fn find(&self, rng: &mut fastrand::Rng, mood: &Mood, asked: Asked, now: Timestamp) -> Result<Option<&Leg>, ()> {
        let away = mood.outages[asked.by].is_some_and(|outage| outage.at(now));
        let silent = match mood.find {
            Find::Works | Find::Stale => false,
            Find::Fails => true,
            Find::Flaky => rng.bool(),
        };
        // A mail server keeps no list that could be asked.
        if away || silent || asked.means == Means::Mail {
            return Err(());
        }
        let leg = self.legs.get(&asked.attempt);
        Ok(leg.filter(|leg| mood.find != Find::Stale || later(leg.created_at, 60) <= now))
    }
}

/// What a carrier is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub by: usize,
    pub attempt: AttemptId,
    pub habit: Habit,
    pub means: Means,
}

pub fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).expect("in range")
}
