//! The pace of each lane: two gates of the same rate, one before work is claimed and one right before the carrier, where it counts.
//!
//! A gate lets one through and is shut for the time of one, however long nobody came before, so that no sliding second holds more than the
//! pace. Tests of the links and login codes go through the same gates, but only when both are open at once: they are looked at together, so
//! that a turn is never used up by something that cannot be sent.

use crate::progress::routes::Lane;
use domain::id::LaneKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One gate.
#[derive(Debug)]
pub struct Gate {
    /// For how long it is shut after somebody passed.
    period: Duration,
    /// When it is open again.
    open_at: Mutex<Instant>,
}

/// One lane's gates; none when it is unpaced.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// Before a piece of work is claimed.
    pub turns: Option<Arc<Gate>>,
    /// Before the carrier is asked.
    pub sends: Option<Arc<Gate>>,
}

/// The paces of all lanes.
#[derive(Debug, Clone, Default)]
pub struct Paces {
    lanes: Arc<HashMap<LaneKey, Pace>>,
}

impl Paces {
    /// Of these lanes.
    pub fn of<'a>(lanes: impl Iterator<Item = &'a Lane>) -> Self {
        let pace = |lane: &Lane| Pace { turns: lane.per_second.and_then(gate), sends: lane.per_second.and_then(gate) };
        Self { lanes: Arc::new(lanes.map(|lane| (lane.key.clone(), pace(lane))).collect()) }
    }
    /// A lane's.
    pub fn lane(&self, lane: &LaneKey) -> Pace {
        self.lanes.get(lane).cloned().unwrap_or_default()
    }
}

impl Pace {
    /// Takes a turn if nobody is in line for one, and what takes it could be sent this moment; else leaves both gates as they are.
    pub fn takes_idle_turn(&self) -> bool {
        self.takes_idle_turn_at(Instant::now())
    }
    fn takes_idle_turn_at(&self, now: Instant) -> bool {
        // The only place that holds both; always in this order.
        let mut turns = self.turns.as_ref().map(|gate| gate.held());
        let mut sends = self.sends.as_ref().map(|gate| gate.held());
        let open = |gate: &Option<MutexGuard<'_, Instant>>| gate.as_ref().is_none_or(|open_at| now >= **open_at);
        if !open(&turns) || !open(&sends) {
            return false;
        }
        for (gate, held) in [(&self.turns, &mut turns), (&self.sends, &mut sends)] {
            if let (Some(gate), Some(open_at)) = (gate, held) {
                **open_at = now + gate.period;
            }
        }
        true
    }
}

impl Gate {
    /// Open now, then for one every `period`.
    fn new(period: Duration) -> Self {
        Self { period, open_at: Mutex::new(Instant::now()) }
    }
    /// Waits until it is open, and passes. Whoever stops waiting has not passed.
    pub async fn until_ready(&self) {
        while let Err(open_at) = self.passes_at(Instant::now()) {
            tokio::time::sleep_until(open_at).await;
        }
    }
    /// How many pass within this time; one at the least.
    pub fn within(&self, time: Duration) -> usize {
        let period = self.period.as_nanos().max(1);
        usize::try_from(time.as_nanos() / period).unwrap_or(usize::MAX).max(1)
    }
    /// So many passed together with the one that passed last: it is shut for as long as they take.
    pub fn passed_with(&self, more: usize) {
        let more = self.period.saturating_mul(u32::try_from(more).unwrap_or(u32::MAX));
        *self.held() += more;
    }
    /// Passes, or says when it is open.
    fn passes_at(&self, now: Instant) -> Result<(), Instant> {
        let mut open_at = self.held();
        if now < *open_at {
            return Err(*open_at);
        }
        *open_at = now + self.period;
        Ok(())
    }
    fn held(&self) -> MutexGuard<'_, Instant> {
        self.open_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gate(per_second: f64) -> Option<Arc<Gate>> {
    let period = Duration::try_from_secs_f64(1.0 / per_second).ok()?;
    Some(Arc::new(Gate::new(period)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::channel::Means;
    use domain::sealed::Address;

    fn pace(per_second: f64) -> Pace {
        let key: LaneKey = "main-call".parse().unwrap();
        let account = "main".parse().unwrap();
        let lane = Lane { key: key.clone(), account, means: Means::Call, from: Address::new(""), per_second: Some(per_second) };
        Paces::of([lane].iter()).lane(&key)
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn an_idle_turn_is_not_used_up_by_what_cannot_be_sent() {
        let pace = pace(10.0);
        let (turns, sends) = (pace.turns.clone().unwrap(), pace.sends.clone().unwrap());
        let now = Instant::now();
        sends.passes_at(now).unwrap();
        assert!(!pace.takes_idle_turn_at(now), "something has just been sent");
        turns.passes_at(now).expect("the turn is still there for a call");
        assert!(!pace.takes_idle_turn_at(now + 99 * MS));
        assert!(pace.takes_idle_turn_at(now + 100 * MS));
        assert!(turns.passes_at(now + 199 * MS).is_err() && sends.passes_at(now + 199 * MS).is_err(), "both were used");
        turns.passes_at(now + 200 * MS).unwrap();
        assert!(!pace.takes_idle_turn_at(now + 200 * MS), "somebody is in line");
        sends.passes_at(now + 200 * MS).expect("and what is in line can be sent");
    }

    #[test]
    fn those_that_pass_together_take_the_time_of_all() {
        let gate = pace(200.0).turns.unwrap();
        assert_eq!((gate.within(20 * MS), gate.within(4 * MS), gate.within(Duration::ZERO)), (4, 1, 1));
        let now = Instant::now();
        gate.passes_at(now).unwrap();
        gate.passed_with(3);
        assert_eq!(gate.passes_at(now), Err(now + 20 * MS));
    }

    #[test]
    fn no_second_holds_more_than_the_pace_after_idle_times_too() {
        let gate = pace(5.0).sends.unwrap();
        let mut now = Instant::now() + Duration::from_secs(60);
        let began = now;
        for n in 0..11 {
            assert_eq!(now.duration_since(began), n * 200 * MS);
            gate.passes_at(now).unwrap();
            now = gate.passes_at(now).expect_err("one at a time");
        }
    }
}
