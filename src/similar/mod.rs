//! Tips about one thing: proposed as one incident, so that a flood is one row with a count and a new fact stands out (R74).
//!
//! Nothing is refused, hidden without a count or delayed: level, deadline and clocks of every tip stay its own. It runs beside the way in,
//! on one node (lane `similar`), over the tips of the last day; a tip that it has not looked at yet is a row of its own.

mod groups;

use crate::audit::{Action, Actor, Entry};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::lifecycle::Tasks;
use crate::live::Live;
use crate::store::rows::{InboxRow, IncidentRow};
use crate::store::{Commit, Store, StoreError, Write};
use crate::vault::Vault;
use domain::id::{ConversationId, LaneKey};
use domain::sealed::Words;
use groups::{Found, Groups, INCIDENTS_MOST, Telling};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How far back tips are compared.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(24);
/// How many tips are read and written down together.
const TOGETHER: usize = 200;
/// How long after a change tips are looked at: in a flood many at once.
const AFTER_CHANGE: Duration = Duration::from_secs(1);
/// What separates the new facts of a tip where they are shown.
const BETWEEN_FACTS: &str = ", ";

/// Finds tips that are alike.
#[derive(Clone)]
pub struct Similar {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Opens words, seals facts.
    pub vault: Arc<Vault>,
    /// The clock.
    pub clock: Clock,
    /// Draws the key of the sketches.
    pub entropy: Entropy,
    /// Tells when something came.
    pub live: Live,
    /// This node's name in leases.
    pub node: String,
    /// How long the lane is ours without being renewed.
    pub lease: SignedDuration,
}

/// What was looked at.
struct Seen {
    groups: Groups,
    tips: HashSet<ConversationId>,
}

impl Similar {
    /// Starts the task.
    pub fn start(self, tasks: &Tasks) {
        let Ok(lane) = "similar".parse::<LaneKey>() else { return };
        let stopping = tasks.stopping();
        tasks.spawn("similar tips", async move { self.run(lane, stopping).await });
    }

    async fn run(self, lane: LaneKey, stopping: CancellationToken) {
        let every = Duration::try_from(self.lease).unwrap_or(Duration::from_secs(15)) / 3;
        let mut changes = self.live.listen();
        let mut seen: Option<Seen> = None;
        while !stopping.is_cancelled() {
            if self.is_ours(&lane).await {
                let looked = self.look(&lane, seen.get_or_insert_with(|| self.nothing_seen()), &stopping).await;
                if let Err(error) = looked {
                    tracing::warn!(error = %error, "tips were not looked at for likeness; they stay rows of their own until they are");
                    // What was found and not written down is found again.
                    seen = None;
                }
            } else {
                seen = None;
            }
            tokio::select! {
                _ = changes.recv() => { let _ = tokio::time::timeout(AFTER_CHANGE, stopping.cancelled()).await; }
                () = tokio::time::sleep(every) => {}
                () = stopping.cancelled() => {}
            }
            changes = changes.resubscribe();
        }
    }

    fn nothing_seen(&self) -> Seen {
        Seen { groups: Groups::new(u64::from_le_bytes(self.entropy.bytes())), tips: HashSet::new() }
    }

    async fn is_ours(&self, lane: &LaneKey) -> bool {
        let now = self.clock.now();
        let until = now.saturating_add(self.lease).unwrap_or(now);
        match self.store.lease_lanes(vec![lane.clone()], self.node.clone(), now, until).await {
            Ok(held) => held.contains(lane),
            Err(error) => {
                tracing::warn!(error = %error, "the lease for finding similar tips was not renewed");
                false
            }
        }
    }

    /// Looks at the tips that were not looked at yet.
    async fn look(&self, lane: &LaneKey, seen: &mut Seen, stopping: &CancellationToken) -> Result<(), StoreError> {
        let since = self.clock.now().saturating_sub(LOOKED_BACK).unwrap_or(Timestamp::MIN);
        seen.groups.forget_before(since);
        let lately = self.store.tips_since(since, u32::try_from(INCIDENTS_MOST).unwrap_or(u32::MAX)).await?;
        let new: Vec<ConversationId> = lately.iter().copied().filter(|id| !seen.tips.contains(id)).collect();
        for some in new.chunks(TOGETHER) {
            if stopping.is_cancelled() {
                return Ok(());
            }
            // A day's flood takes longer than a lease: what another node looks at meanwhile is not looked at here.
            if !self.is_ours(lane).await {
                *seen = self.nothing_seen();
                return Ok(());
            }
            let mut commit = Commit::default();
            for row in self.store.tips_of(some.to_vec()).await? {
                self.compare(&mut seen.groups, &row, &mut commit);
            }
            if !commit.writes.is_empty() {
                self.store.commit(commit).await?;
            }
        }
        seen.tips = lately.into_iter().collect();
        Ok(())
    }

    fn compare(&self, groups: &mut Groups, row: &InboxRow, commit: &mut Commit) {
        let tip = &row.row.conversation;
        let Ok(key) = self.vault.unwrap_key(tip.id, &row.row.key) else { return };
        let Some((message, sealed)) = &row.first else { return };
        let words = self.vault.open_words(&key, message.uuid().as_bytes(), sealed).unwrap_or_else(|_| Words::default());
        // What the program says of a call, or of a mail that it cannot read, is nobody's telling: two callers are two.
        if words.reveal().starts_with('[') {
            return;
        }
        let telling = Telling { id: tip.id, words: words.reveal(), school: tip.triage.school.as_ref(), at: tip.received_at };
        match (row.incident, row.likeness) {
            (Some(first), _) => return groups.join(first, &telling),
            // Taken out by an analyst.
            (None, Some(_)) => return groups.alone(&telling),
            (None, None) => {}
        }
        let Found::Like { first, likeness, new_facts } = groups.add(&telling) else { return };
        let is_new = !new_facts.is_empty();
        let now = self.clock.now();
        let new_facts = is_new.then(|| self.vault.seal(&key, tip.id.uuid().as_bytes(), &new_facts.join(BETWEEN_FACTS)));
        let folded = !is_new && says_no_more(row);
        metrics::counter!(crate::telemetry::metric::SIMILAR_TIPS, "counted_under" => if folded { "another" } else { "itself" })
            .increment(1);
        let write = IncidentRow { conversation: tip.id, incident: first, likeness, new_facts, folded, proposed_at: now, taken_out: None };
        commit.writes.push(Write::Incident(write));
        let action = Action::FoundAlike { first, likeness, own_row: !folded };
        commit.audit.push(Entry { conversation: tip.id, at: now, actor: Actor::System, action });
    }
}

/// Whether a tip is nothing but its first words: no file, nothing happening now, nobody at work on it.
fn says_no_more(row: &InboxRow) -> bool {
    let tip = &row.row.conversation;
    let untouched = tip.claimed_by.is_none() && tip.triaged_at.is_none() && tip.dispatched_at.is_none();
    untouched && row.files == 0 && row.row.unread <= 1 && !tip.triage.marks.in_progress
}
