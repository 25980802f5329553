//! The numbers of a dispatch: windows, delays, limits. All of it is configuration; the defaults are the procedures'.

use jiff::SignedDuration;

/// How a dispatch behaves in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Critical: from receipt to everybody told (R14). 20 minutes.
    pub critical_window: SignedDuration,
    /// Standard: business time from receipt (R15). 1 hour.
    pub standard_window: SignedDuration,
    /// Other: business time from receipt (R16). 4 hours.
    pub other_window: SignedDuration,
    /// When the district is called if nobody at the school has confirmed, counted from the dispatch (R10). 5 minutes;
    /// never later than leaves half of the time to the due time.
    pub district_after: SignedDuration,
    /// First delay after a busy line; doubles with full jitter.
    pub busy_first: SignedDuration,
    /// First delay after no answer or a voicemail; doubles with full jitter.
    pub no_answer_first: SignedDuration,
    /// First delay after a carrier's fault; doubles with full jitter.
    pub fault_first: SignedDuration,
    /// No delay is longer than this.
    pub longest_delay: SignedDuration,
    /// How many attempts are made at one obligation before a person takes over.
    pub most_attempts: u32,
    /// After this silence of an accepted attempt the carrier is asked.
    pub ask_after: SignedDuration,
    /// An attempt that still has no end after this long counts as failed and is made again.
    pub silent_attempt_limit: SignedDuration,
    /// How long after its due time an unconfirmed Critical call is still repeated before it fails and a person takes over.
    pub grace: SignedDuration,
    /// How often a drill tries each point of a person.
    pub drill_attempts: u32,
    /// How far apart a drill's calls, mails and texts start on each lane: whatever is real comes between.
    pub drill_spacing: SignedDuration,
    /// How long a page's call is repeated; then the next rung has its turn anyway.
    pub page_grace: SignedDuration,
    /// When supervisors are paged for a tip that nobody has sorted, or a Critical one that nobody has dispatched, counted from receipt; one
    /// rung of the ladder each (R44).
    pub page_after: Vec<SignedDuration>,
    /// How long new words of a reporter on a dispatched tip are collected before the endusers are told that there is news (R28).
    pub update_after: SignedDuration,
    /// By when the follow-up call to police must be noted, counted from the dispatch; then a supervisor is paged (R33).
    pub follow_up_after: SignedDuration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            critical_window: SignedDuration::from_mins(20),
            standard_window: SignedDuration::from_hours(1),
            other_window: SignedDuration::from_hours(4),
            district_after: SignedDuration::from_mins(5),
            busy_first: SignedDuration::from_secs(30),
            no_answer_first: SignedDuration::from_secs(60),
            fault_first: SignedDuration::from_secs(2),
            longest_delay: SignedDuration::from_mins(4),
            most_attempts: 12,
            ask_after: SignedDuration::from_secs(45),
            silent_attempt_limit: SignedDuration::from_mins(5),
            grace: SignedDuration::from_mins(10),
            drill_attempts: 1,
            drill_spacing: SignedDuration::from_secs(5),
            page_grace: SignedDuration::from_mins(5),
            page_after: [3, 6, 10, 15].map(SignedDuration::from_mins).to_vec(),
            update_after: SignedDuration::from_secs(60),
            follow_up_after: SignedDuration::from_mins(10),
        }
    }
}
