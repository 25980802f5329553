//! Which lanes a node should take and which give back, so that the nodes of a deployment share them. Pure: the keeper does it.
//!
//! Every node that is alive has a lease of its own presence, `node-{run}`. A node takes free lanes up to its share at once, further ones only
//! when nobody wanted them for a while; one that holds more than its share gives one back at a time. What it took because nobody wanted it,
//! it keeps until nodes come or go, so that nothing goes to and fro.

use crate::store::rows::{LeaseRow, PRESENCE};
use domain::id::LaneKey;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A lane that nobody took for so long may be taken beyond one's share.
const UNWANTED_AFTER: SignedDuration = SignedDuration::from_secs(3);
/// Nodes must have been the same for so long before one gives a lane back.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(3);

/// What a node remembers from one look to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    nodes: BTreeSet<String>,
    settled: Option<Timestamp>,
    free: BTreeMap<LaneKey, Timestamp>,
    /// Taken because nobody wanted them.
    unwanted: BTreeSet<LaneKey>,
}

/// What to do now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Move {
    /// Lanes to take.
    pub(super) take: Vec<LaneKey>,
    /// Those of them whose former holder did not give them back: it is dead, or was.
    pub(super) orphaned: Vec<LaneKey>,
    /// A lane to give back.
    pub(super) give: Option<LaneKey>,
    /// Whether a node is gone since the last look.
    pub(super) gone: bool,
}

impl Shares {
    /// Looks at who has what. `lanes` are those of this node's configuration in the order in which it takes them, `held` those it holds,
    /// `length` that of a lease of any of them, and of a presence.
    pub(super) fn look(
        &mut self,
        rows: &[LeaseRow],
        me: &str,
        (lanes, held): (&[LaneKey], &[LaneKey]),
        (now, length): (Timestamp, SignedDuration),
    ) -> Move {
        let present = rows.iter().filter(|row| !row.is_over(now, length) && row.lane.as_str().starts_with(PRESENCE));
        let nodes: BTreeSet<String> = present.map(|row| row.owner.clone()).chain([me.to_owned()]).collect();
        let gone = self.nodes.iter().any(|node| !nodes.contains(node));
        if nodes != self.nodes {
            (self.settled, self.nodes) = (None, nodes);
            self.unwanted.clear();
        }
        let share = lanes.len().div_ceil(self.nodes.len());
        let row_of = |lane: &LaneKey| rows.iter().find(|row| row.lane == *lane);
        let is_free = |lane: &&LaneKey| !held.contains(lane) && row_of(lane).is_none_or(|row| row.is_over(now, length) || row.owner == me);
        let free: Vec<&LaneKey> = lanes.iter().filter(is_free).collect();
        self.free.retain(|lane, _| free.contains(&lane));
        let mut moves = Move { gone, ..Move::default() };
        let mut mine = held.iter().filter(|lane| lanes.contains(lane)).count();
        for lane in free {
            // What is remembered of before the clock was set back counts from now.
            let since = self.free.get(lane).map_or(now, |since| (*since).min(now));
            self.free.insert(lane.clone(), since);
            let wanted = mine < share;
            if !wanted && now.duration_since(since) < UNWANTED_AFTER {
                continue;
            }
            if !wanted {
                self.unwanted.insert(lane.clone());
            }
            mine += 1;
            if row_of(lane).is_some() {
                moves.orphaned.push(lane.clone());
            }
            moves.take.push(lane.clone());
        }
        let settled = self.settled.map_or(now, |settled| settled.min(now));
        self.settled = Some(settled);
        if mine > share && moves.take.is_empty() && now.duration_since(settled) >= SETTLED_AFTER {
            moves.give = lanes.iter().rev().find(|lane| held.contains(lane) && !self.unwanted.contains(lane)).cloned();
        }
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: SignedDuration = SignedDuration::from_secs(8);

    fn t(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }
    fn lanes() -> Vec<LaneKey> {
        ["a-call", "a-mail", "a-text", "b-call", "b-text", "media", "watch"].map(|name| name.parse().unwrap()).to_vec()
    }

    /// Nodes that look in turn once a second; a dead one does nothing, and its leases end after eight.
    struct World {
        rows: Vec<LeaseRow>,
        nodes: Vec<(String, Shares)>,
        now: i64,
        given: usize,
    }

    impl World {
        fn new() -> Self {
            Self { rows: Vec::new(), nodes: Vec::new(), now: 0, given: 0 }
        }
        fn join(&mut self, name: &str) {
            self.nodes.push((name.to_owned(), Shares::default()));
        }
        fn die(&mut self, name: &str) {
            self.nodes.retain(|(node, _)| node != name);
        }
        fn held(&self, name: &str) -> Vec<LaneKey> {
            let lanes = lanes();
            self.rows.iter().filter(|row| row.owner == name && lanes.contains(&row.lane)).map(|row| row.lane.clone()).collect()
        }
        fn lease(&mut self, lane: LaneKey, owner: &str) {
            let (now, until) = (t(self.now), t(self.now + 8));
            match self.rows.iter_mut().find(|row| row.lane == lane) {
                Some(row) if row.owner == owner || row.is_over(now, LENGTH) => (row.owner, row.until) = (owner.to_owned(), until),
                Some(_) => {}
                None => self.rows.push(LeaseRow { lane, owner: owner.to_owned(), until }),
            }
        }
        fn run(&mut self, seconds: i64) -> Vec<(String, Move)> {
            let mut moves = Vec::new();
            for _ in 0..seconds {
                self.now += 1;
                for at in 0..self.nodes.len() {
                    let name = self.nodes[at].0.clone();
                    let held = self.held(&name);
                    let seen = self.nodes[at].1.look(&self.rows, &name, (&lanes(), &held), (t(self.now), LENGTH));
                    for lane in held.iter().chain(&seen.take).cloned().chain([format!("{PRESENCE}{name}").parse().unwrap()]) {
                        self.lease(lane, &name);
                    }
                    if let Some(lane) = &seen.give {
                        self.given += 1;
                        self.rows.retain(|row| row.lane != *lane);
                    }
                    moves.push((name, seen));
                }
            }
            moves
        }
        fn shares(&self) -> Vec<usize> {
            let mut shares: Vec<usize> = self.nodes.iter().map(|(name, _)| self.held(name).len()).collect();
            shares.sort_unstable();
            shares
        }
    }

    #[test]
    fn one_node_takes_all_at_once() {
        let mut world = World::new();
        world.join("a");
        let moves = world.run(1);
        assert_eq!((moves[0].1.take.len(), moves[0].1.orphaned.len()), (7, 0));
        assert!(world.run(60).iter().all(|(_, moves)| *moves == Move::default()), "and that is that");
    }

    #[test]
    fn nodes_that_join_get_their_share_and_nothing_goes_to_and_fro() {
        let mut world = World::new();
        for name in ["a", "b", "c"] {
            world.join(name);
            world.run(2);
        }
        world.run(20);
        assert_eq!(world.shares(), [1, 3, 3]);
        let given = world.given;
        assert!(given <= 6, "{given}");
        world.run(120);
        assert_eq!(world.given, given);
    }

    #[test]
    fn a_dead_nodes_lanes_are_taken_as_soon_as_their_lease_is_over_and_are_known_as_orphaned() {
        let mut world = World::new();
        for name in ["a", "b", "c"] {
            world.join(name);
        }
        world.run(30);
        let lost = world.held("b");
        world.die("b");
        let moves = world.run(9);
        let orphaned: BTreeSet<LaneKey> = moves.iter().flat_map(|(_, moves)| moves.orphaned.clone()).collect();
        assert_eq!(orphaned, lost.into_iter().collect());
        assert!(moves.iter().any(|(_, moves)| moves.gone));
        assert_eq!(world.shares().iter().sum::<usize>(), 7);
    }

    #[test]
    fn a_clock_that_is_set_back_while_a_node_dies_leaves_its_lanes_to_the_others() {
        let mut world = World::new();
        for name in ["a", "b", "c"] {
            world.join(name);
        }
        world.run(30);
        let lost = world.held("b");
        world.die("b");
        // Both others follow, and renew by the new time what they have, before either takes anything (`Clock::is_sure`).
        world.now -= 3600;
        for name in ["a", "c"] {
            for lane in world.held(name).into_iter().chain([format!("{PRESENCE}{name}").parse().unwrap()]) {
                world.lease(lane, name);
            }
        }
        let moves = world.run(9);
        let orphaned: BTreeSet<LaneKey> = moves.iter().flat_map(|(_, moves)| moves.orphaned.clone()).collect();
        assert!(!lost.is_empty());
        assert_eq!(orphaned, lost.into_iter().collect());
        assert!(moves.iter().any(|(_, moves)| moves.gone));
        assert_eq!(world.shares().iter().sum::<usize>(), 7);
    }

    #[test]
    fn what_only_one_node_knows_stays_with_it() {
        let mut world = World::new();
        world.join("a");
        world.run(1);
        // Another configuration: a node that is present and wants none of these.
        for _ in 0..60 {
            world.lease(format!("{PRESENCE}z").parse().unwrap(), "z");
            world.run(1);
        }
        let given = world.given;
        assert_eq!(world.shares(), [7]);
        for _ in 0..60 {
            world.lease(format!("{PRESENCE}z").parse().unwrap(), "z");
            world.run(1);
        }
        assert_eq!((world.shares(), world.given), (vec![7], given), "nothing goes to and fro");
    }

    #[test]
    fn what_a_former_run_of_this_node_held_is_orphaned() {
        let (mut shares, rows) = (Shares::default(), [LeaseRow { lane: "a-call".parse().unwrap(), owner: "a".to_owned(), until: t(8) }]);
        let moves = shares.look(&rows, "a", (&lanes(), &[]), (t(1), LENGTH));
        assert_eq!(moves.orphaned, ["a-call".parse().unwrap()]);
    }
}
