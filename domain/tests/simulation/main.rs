//! A seeded simulation of whole tips, from receipt to the last timer: a random county, endusers who are busy, away, machines, strangers or
//! people, two carriers that lose, double, delay and reorder their news and have outages, two nodes that crash at the worst moments, stand
//! still and take over each other's lanes, a clock that is set forward and back, nights when the clocks change; drills and other tips' work on
//! the same lanes. The rules under test are `domain`'s; the shell around them is a model.
//!
//! After every event checkers look at architecture.md's invariants 2 to 5, at paces and at a tip's alarms. `TIPLINE_HISTORIES=n` plays more
//! histories than the usual 2,000; `TIPLINE_SEED=n` replays one with a trace. Planted bugs prove that the checkers can object.

#[cfg(test)]
mod bug;
#[cfg(test)]
mod carrier;
#[cfg(test)]
mod checker;
#[cfg(test)]
mod checker_end;
#[cfg(test)]
mod checker_tip;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod county;
#[cfg(test)]
mod lane;
#[cfg(test)]
mod line;
#[cfg(test)]
mod outcome;
#[cfg(test)]
mod road;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod tip;
#[cfg(test)]
mod world;

#[cfg(test)]
mod tests {
    use super::bug::Bug;
    use super::outcome::Outcome;
    use super::world::World;

    /// How many histories are played unless `TIPLINE_HISTORIES` says otherwise.
    const HISTORIES: u64 = 2000;
    /// A planted bug has to be found within so many histories.
    const HISTORIES_PER_BUG: u64 = 400;

    fn number(variable: &str) -> Option<u64> {
        let text = std::env::var(variable).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")))
    }

    /// Half of the histories, so that two cores share them.
    fn play_every_other(first: u64, histories: u64) -> Outcome {
        let mut total = Outcome::default();
        for seed in (first..histories).step_by(2) {
            let outcome = World::new(seed, None, false).play();
            if let Some(objection) = outcome.objection {
                panic!(
                    "seed {seed}: {objection}\nreplay it with: TIPLINE_SEED={seed} cargo test -p domain --test simulation every -- --nocapture"
                );
            }
            total.add(&outcome);
        }
        total
    }

    #[test]
    fn every_history_keeps_the_invariants() {
        if let Some(seed) = number("TIPLINE_SEED") {
            let outcome = World::new(seed, None, true).play();
            println!("{outcome:?}");
            assert_eq!(outcome.objection, None, "seed {seed}");
            return;
        }
        let histories = number("TIPLINE_HISTORIES").unwrap_or(HISTORIES);
        let total = std::thread::scope(|scope| {
            let halves = [0, 1].map(|half| scope.spawn(move || play_every_other(half, histories)));
            let mut total = Outcome::default();
            for half in halves {
                total.add(&half.join().expect("see above for the seed that fails"));
            }
            total
        });
        println!("{histories} histories: {total:?}");
        // A simulation that never gets into trouble proves nothing.
        assert!(histories < HISTORIES || total.saw_everything(), "something never happened: {total:?}");
    }

    #[test]
    fn the_same_seed_plays_the_same_history() {
        for seed in 0..50 {
            assert_eq!(World::new(seed, None, false).play(), World::new(seed, None, false).play(), "seed {seed}");
        }
    }

    #[test]
    fn planted_bugs_are_found() {
        for bug in Bug::ALL {
            let found =
                (0..HISTORIES_PER_BUG).find_map(|seed| World::new(seed, Some(bug), false).play().objection.map(|what| (seed, what)));
            match found {
                Some((seed, objection)) => println!("{bug:?}: seed {seed}: {objection}"),
                None => panic!("{bug:?} was not found in {HISTORIES_PER_BUG} histories: the checker is blind to it"),
            }
        }
    }
}
