//! A fresh store for a case, and how to open it again.

use std::sync::Arc;
use tipline::store::commit::{Commit, Committed, Outcome, Write};
use tipline::store::{BoxFuture, Store};

/// A store that nothing was written to, and the way to close and open it.
pub struct Fresh {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The stores of other nodes on the same database, where an engine can have them.
    pub others: Vec<Arc<dyn Store>>,
    /// Opens it again after it was closed.
    pub again: Box<dyn Fn() -> BoxFuture<'static, Arc<dyn Store>> + Send + Sync>,
}

impl Fresh {
    /// Closes and opens.
    pub async fn reopen(&mut self) {
        self.store.close().await;
        self.store = (self.again)().await;
    }
    /// The stores of all nodes, to be used in turn by who comes `n`th. Two that follow each other use the same, so that what differs by odd
    /// and even meets on every node.
    pub fn node(&self, n: u32) -> &Arc<dyn Store> {
        let place = n as usize / 2 % (1 + self.others.len());
        if place == 0 { &self.store } else { &self.others[place - 1] }
    }
    /// A commit that must go through.
    pub async fn write(&self, writes: impl IntoIterator<Item = Write>) -> Committed {
        self.apply(Commit { writes: writes.into_iter().collect(), ..Commit::default() }).await
    }
    /// A commit that must go through.
    pub async fn apply(&self, commit: Commit) -> Committed {
        match self.store.commit(commit).await.unwrap() {
            Outcome::Committed(done) => done,
            other => panic!("{other:?} instead of committed"),
        }
    }
    /// The outcome of a commit.
    pub async fn outcome(&self, writes: impl IntoIterator<Item = Write>) -> Outcome {
        self.store.commit(Commit { writes: writes.into_iter().collect(), ..Commit::default() }).await.unwrap()
    }
}

/// Runs the whole suite on an engine: `$fresh` is an async function that gives a [`Fresh`].
macro_rules! conformance {
    ($fresh:path: $($module:ident::{$($case:ident),* $(,)?}),* $(,)?) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() { crate::$module::$case($fresh().await).await }
    )*)*};
    ($fresh:path) => {
        conformance!($fresh:
            endusers::{
                of_a_persons_pins_the_last_counts, a_code_is_tried_by_one_at_a_time, a_portal_session_ends, endusers_write_about_a_tip,
                an_organization_finds_what_it_was_told_of,
            },
            incidents::{what_is_like_another_is_counted_under_it, nothing_stays_counted_where_it_would_be_overlooked},
            tips::{
                a_tip_is_read_as_it_was_written, an_address_finds_its_tip, a_current_address_or_reference_is_a_conflict,
                a_retired_address_may_open_another_tip,
                messages_are_numbered_and_counted, a_reporters_message_opens_a_closed_tip, a_tip_is_not_closed_over_a_new_message,
                a_stale_version_is_a_conflict, the_way_back_is_not_overwritten, attachments_and_notes_keep_their_order,
                the_inbox_is_sorted_by_urgency, the_inbox_counts_what_its_filters_show, everything_is_there_after_opening_again,
            },
            once::{the_same_news_counts_once, once_is_per_account, a_refused_commit_leaves_no_trace},
            races::{
                of_many_equal_commits_one_goes_through, of_many_new_tips_for_one_address_one_goes_through,
                of_many_changes_of_a_version_one_goes_through, of_many_new_tips_with_one_id_one_goes_through,
                many_messages_get_all_numbers_once, one_bad_commit_fails_alone,
                nothing_stays_counted_under_a_tip_that_is_closed_meanwhile,
            },
            record::{the_record_is_chained, the_record_survives_opening_again},
            sound::{what_was_committed_whole_is_sound, what_a_commit_left_out_is_found},
            telling::{
                obligations_and_attempts_are_versioned, a_provider_id_belongs_to_one_attempt, receipts_keep_their_order, tasks_are_done_once,
                the_clocks_of_a_tip_are_one_row, what_is_decided_on_all_that_is_known_is_still_so, a_page_is_in_no_count,
                each_thing_that_is_counted_counts_when_it_alone_changes,
                a_delivery_is_versioned, health_finds_what_has_no_timer,
            },
            work::{
                work_is_claimed_by_urgency, only_such_work_is_claimed_as_is_asked_for, claimed_work_comes_back_when_its_lease_ends, work_put_again_is_taken_from_its_owner,
                no_work_is_claimed_twice, lanes_are_leased_by_one, what_an_owner_gives_back_is_due_again,
                work_evades_a_lane_that_cannot_be_used, circuits_are_kept,
                work_of_a_lane_that_is_gone_goes_to_one_that_is, the_next_due_time_is_known,
                a_dead_owners_work_is_due_again_once_its_lanes_are_over, some_lanes_are_given_back_and_what_is_under_way_there_is_not,
                a_lease_of_before_the_clock_was_set_back_is_over, work_of_a_lane_that_another_node_holds_is_left_to_it,
                what_was_claimed_by_a_node_that_died_before_the_clock_was_set_back_is_due_again, leases_of_long_ago_are_forgotten,
                attempts_without_an_answer_are_found,
            },
            people::{staff_sessions_and_tokens, a_session_ends_and_old_ones_are_swept, failed_logins_are_counted, the_directory_is_replaced_whole, values_are_kept},
            ways::{
                a_call_is_kept_between_its_steps, a_mailbox_remembers_where_it_was_read_to,
                a_tip_has_several_addresses_and_answers_the_one_that_wrote_last, what_was_taken_is_known,
                a_message_is_found_by_its_carriers_name_and_by_what_an_answer_refers_to,
            },
        );
    };
}
pub(crate) use conformance;
