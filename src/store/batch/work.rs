//! Work to do at a time, and who may do it: putting, ending, claiming, and the leases of lanes.
//!
//! Putting work takes it from whoever claimed it. A claim moves `run_at` to the end of the lease, so work whose worker
//! died comes back by itself.

use super::rows::Rows;
use super::*;
use crate::store::sql::{each, int, skip_locked, text};

#[rustfmt::skip]
const PUT: &str = concat!(
    "INSERT INTO work (id, about, lane, urgency, due_at, run_at, owner) SELECT ",
    text!(0), ", ", text!(1), ", ", text!(2), ", ", int!(3), ", ", int!(4), ", ", int!(5), ", NULL FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (id) DO UPDATE SET about = excluded.about, lane = excluded.lane, urgency = excluded.urgency, due_at = excluded.due_at,",
    " run_at = excluded.run_at, owner = NULL",
);

macro_rules! claim {
    ($which:literal) => {
        concat!(
            "UPDATE work SET run_at = $4, owner = $2 WHERE id IN",
            " (SELECT w.id FROM work w WHERE w.lane = $1 AND w.run_at <= $3",
            $which,
            " ORDER BY w.urgency, w.due_at, w.id LIMIT $5 ",
            skip_locked!(),
            ") RETURNING id, about, lane, urgency, due_at, run_at",
        )
    };
}

const END: &str = concat!("DELETE FROM work WHERE id IN (SELECT i.value FROM ", each!(), " i)");

/// `$1` lane, `$2` owner, `$3` now, `$4` end of the lease, `$5` how many. The rows come back in any order.
pub(crate) const CLAIM: &str = claim!("");

/// The same, and `$6` the urgency that is not urgent enough any more.
pub(crate) const CLAIM_CRITICAL: &str = claim!(" AND w.urgency < $6");

/// The same, of what sends nothing: the turns of asking (`progress::routes::rank` has them from 50 on, in thousands), obligations whose due time
/// came since they were put, and those that were due by `$6`.
pub(crate) const CLAIM_HELD: &str = claim!(
    " AND (w.urgency % 100000 >= 50000 OR (w.due_at <= $3 AND w.about = 'obligation' AND (w.run_at <= w.due_at OR w.due_at <= $6)))"
);

/// Whether the presence of an owner (the lane `node-` and its name, `rows::PRESENCE`, which the keeper renews every few seconds) is as said.
macro_rules! presence {
    ($owner:literal, $until:literal) => {
        concat!("EXISTS (SELECT 1 FROM lane p WHERE p.lane = 'node-' || ", $owner, " AND p.until_at ", $until, ")")
    };
}

/// `$1` lanes, `$2` owner, `$3` now, `$4` until. The leases of an owner whose presence is over are over, however long they would last:
/// some last for hours. A lease that would last far longer than any does was written before the clock was set back (`rows::latest_end`),
/// if `$3` is sure: to a node that has not noticed that it was set ahead, those of the others look the same. Lanes are therefore asked
/// for only by whoever has just measured the time (`Clock::is_sure`).
#[rustfmt::skip]
pub(crate) const LEASE: &str = concat!(
    "INSERT INTO lane (lane, owner, until_at) SELECT i.value, $2, $4 FROM ", each!(), " i WHERE TRUE",
    " ON CONFLICT (lane) DO UPDATE SET owner = excluded.owner, until_at = excluded.until_at",
    " WHERE lane.owner = excluded.owner OR lane.until_at <= $3 OR ($4 > $3 AND lane.until_at > $4 + 3 * ($4 - $3))",
    " OR ", presence!("lane.owner", "<= $3"), " RETURNING lane",
);

/// `$1` owner.
pub(crate) const RELEASE: &str = "DELETE FROM lane WHERE owner = $1";

/// `$1` lanes, `$2` owner. Some lanes given back; what the owner still works on there stays its own.
pub(crate) const GIVE_BACK: &str = concat!("DELETE FROM lane WHERE owner = $2 AND lane IN (SELECT i.value FROM ", each!(), " i)");

/// `$1` lanes, `$2` what is of long ago. Their leases, if they ended by then.
pub(crate) const FORGET: &str = concat!("DELETE FROM lane WHERE until_at <= $2 AND lane IN (SELECT i.value FROM ", each!(), " i)");

/// `$1` lanes, `$2` now, `$3` the latest end of a presence that is renewed (`rows::latest_end`). What was claimed there by owners that
/// are not present any more was due when it was claimed, so it is due now.
#[rustfmt::skip]
pub(crate) const RECLAIM: &str = concat!(
    "UPDATE work SET run_at = $2, owner = NULL WHERE lane IN (SELECT i.value FROM ", each!(), " i) AND owner IS NOT NULL",
    " AND NOT ", presence!("work.owner", "> $2 AND p.until_at <= $3"),
);

/// `$1` owner. What it claimed and did not finish was due when it was claimed, so it is due now.
pub(crate) const RELEASE_WORK: &str = "UPDATE work SET run_at = 0, owner = NULL WHERE owner = $1";

/// `$1` the lane that cannot be used, `$2` the one that does its work, `$3` how many. What concerns endusers only, the most urgent first.
pub(crate) const EVADE: &str = "UPDATE work SET lane = $2 WHERE id IN \
    (SELECT w.id FROM work w WHERE w.lane = $1 AND w.about = 'obligation' ORDER BY w.urgency, w.due_at, w.id LIMIT $3)";

/// Every statement here, for the test of their plans.
#[cfg(test)]
pub(crate) const ALL: &[&str] =
    &[PUT, END, CLAIM, CLAIM_CRITICAL, CLAIM_HELD, LEASE, GIVE_BACK, FORGET, RECLAIM, RELEASE, RELEASE_WORK, EVADE];

/// `$1` the lanes there are, `$2` the ending of a means' lanes, `$3` the lane that does their work now, `$4` now. A lane that some node
/// holds is not gone, only unknown here: that node has another configuration.
#[rustfmt::skip]
pub(crate) const MOVE: &str = concat!(
    "UPDATE work SET lane = $3 WHERE lane LIKE $2 AND lane NOT IN (SELECT i.value FROM ", each!(), " i)",
    " AND lane NOT IN (SELECT l.lane FROM lane l WHERE l.until_at > $4)",
);

impl Batch<'_> {
    pub(super) fn work_statements(&self, list: &mut Vec<Statement>) -> Result<(), Bad> {
        let (mut put, mut end) = (Rows::default(), Rows::default());
        for (id, row) in self.work.iter() {
            let (about, uuid) = match id {
                WorkId::Obligation(id) => ("obligation", id.uuid()),
                WorkId::Message(id) => ("message", id.uuid()),
                WorkId::Attachment(id) => ("attachment", id.uuid()),
                WorkId::Watch(id) => ("watch", id.uuid()),
            };
            match row {
                Some(row) => put
                    .row()
                    .id(uuid)
                    .text(about)
                    .text(row.lane.as_str())
                    .int(i64::from(row.rank))
                    .int(row.due_at.as_microsecond())
                    .int(row.run_at.as_microsecond())
                    .end(),
                None => end.id(uuid),
            }
        }
        add(list, PUT, put)?;
        add(list, END, end)
    }
}
