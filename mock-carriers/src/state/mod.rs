//! Everything the mock remembers, in memory and bounded: the oldest goes when a shelf is full.
//! One owner, `Exchange`, holds it behind a mutex that is never held across an await.
//! The limits are above what a bench of the gateway needs in one run.

pub mod call;
pub mod fault;
pub mod log;
pub mod mail;
pub mod mailbox;
pub mod message;
mod shelf;

use std::collections::{HashMap, HashSet, VecDeque};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::carrier::Carrier;
use crate::options::{NumberOptions, NumberRoute};
use crate::telnyx::Memory;
use crate::voice::behaviour::Behaviour;
use crate::voice::session::Command;

pub use shelf::Shelf;

/// Messages kept.
pub const MESSAGES_KEPT: usize = 50_000;
/// Media files kept.
pub const MEDIA_KEPT: usize = 500;
/// Calls kept.
pub const CALLS_KEPT: usize = 20_000;
/// Recordings kept.
pub const RECORDINGS_KEPT: usize = 2_000;
/// Transcriptions kept.
pub const TRANSCRIPTIONS_KEPT: usize = 2_000;
/// Mails kept.
pub const MAILS_KEPT: usize = 5_000;
/// REST requests kept.
pub const REQUESTS_KEPT: usize = 100_000;
/// Webhooks and callbacks kept.
pub const DELIVERIES_KEPT: usize = 100_000;
/// Debugger entries kept.
pub const DEBUGGED_KEPT: usize = 1_000;
/// Behaviours that may wait for one number.
pub const BEHAVIOURS_KEPT: usize = 200;
/// Phones that may have a name or an open page.
pub const HANDSETS_KEPT: usize = 10_000;
/// Pairs of numbers that may be opted out at once.
pub const OPT_OUTS_KEPT: usize = 100_000;
/// Numbers that may have behaviours.
pub const SCRIPTED_NUMBERS_KEPT: usize = 10_000;

/// The mock's memory.
#[derive(Debug)]
pub struct State {
    /// The account's numbers, in the order they were given.
    pub numbers: Vec<NumberRoute>,
    /// What only the second carrier remembers.
    pub telnyx: Memory,
    /// Messages both ways.
    pub messages: Shelf<message::Message>,
    /// Their files.
    pub media: Shelf<message::Media>,
    /// Calls both ways.
    pub calls: Shelf<call::Call>,
    /// Recordings of calls.
    pub recordings: Shelf<call::Recording>,
    /// What was said in them, in writing.
    pub transcriptions: Shelf<call::Transcription>,
    /// Where to reach the running sessions of calls.
    pub live_calls: HashMap<String, mpsc::Sender<Command>>,
    /// Mails taken.
    pub mails: Shelf<mail::Mail>,
    /// The tip line's own mailbox.
    pub mailbox: mailbox::Mailbox,
    /// Cancelled to cut every IMAP connection.
    pub imap_cut: CancellationToken,
    /// The next behaviours by number.
    pub behaviours: HashMap<String, VecDeque<Behaviour>>,
    /// Pairs (handset, our number) that texted STOP.
    pub opted_out: HashSet<(String, String)>,
    /// Faults that are set.
    pub faults: fault::Faults,
    /// REST requests received.
    pub requests: Shelf<log::RequestSeen>,
    /// Webhooks and callbacks sent.
    pub deliveries: Shelf<log::Delivered>,
    /// What the other side did wrong.
    pub debugger: VecDeque<log::Debugged>,
    /// Handset pages open now, by number.
    pub handsets: HashMap<String, Presence>,
    /// Arrivals of creating requests within the last second, for `--max-per-second`.
    pub recent_creates_us: VecDeque<u64>,
    /// The idempotency token of each inbound message's webhook, for an exact replay.
    pub webhook_tokens: Shelf<String>,
    /// What the account's numbers have besides their webhooks.
    pub number_options: HashMap<String, NumberOptions>,
    /// Names that handset pages gave to numbers.
    pub labels: HashMap<String, String>,
    next_log: u64,
}

/// Whether a handset page is open for a number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presence {
    /// Live connections of open pages.
    pub connected: usize,
    /// When a page was last loaded, in monotonic microseconds.
    pub loaded_us: u64,
}

/// A page that was loaded this recently counts as open while its script connects.
pub const PAGE_GRACE_US: u64 = 5_000_000;

impl State {
    /// An empty memory with these numbers.
    pub fn new(numbers: Vec<NumberRoute>, number_options: HashMap<String, NumberOptions>) -> Self {
        Self {
            numbers,
            number_options,
            telnyx: Memory::new(HashSet::new()),
            messages: Shelf::new(MESSAGES_KEPT),
            media: Shelf::new(MEDIA_KEPT),
            calls: Shelf::new(CALLS_KEPT),
            recordings: Shelf::new(RECORDINGS_KEPT),
            transcriptions: Shelf::new(TRANSCRIPTIONS_KEPT),
            live_calls: HashMap::new(),
            mails: Shelf::new(MAILS_KEPT),
            mailbox: mailbox::Mailbox::default(),
            imap_cut: CancellationToken::new(),
            behaviours: HashMap::new(),
            opted_out: HashSet::new(),
            faults: fault::Faults::default(),
            requests: Shelf::new(REQUESTS_KEPT),
            deliveries: Shelf::new(DELIVERIES_KEPT),
            debugger: VecDeque::new(),
            handsets: HashMap::new(),
            recent_creates_us: VecDeque::new(),
            webhook_tokens: Shelf::new(MESSAGES_KEPT),
            labels: HashMap::new(),
            next_log: 1,
        }
    }

    /// Forgets everything but the numbers and the open pages. Running calls are told to end.
    pub fn reset(&mut self) {
        let fresh = Self::new(std::mem::take(&mut self.numbers), std::mem::take(&mut self.number_options));
        let old = std::mem::replace(self, fresh);
        for line in old.live_calls.values() {
            // A full queue means the call is about to end by itself.
            let _ = line.try_send(Command::Forget);
        }
        self.telnyx = Memory::new(old.telnyx.numbers);
        self.handsets = old.handsets;
        self.labels = old.labels;
        self.next_log = old.next_log;
        self.imap_cut = old.imap_cut;
        self.mailbox = old.mailbox;
        self.mailbox.forget();
    }

    /// The next number for a log line.
    pub fn next_log(&mut self) -> u64 {
        let id = self.next_log;
        self.next_log += 1;
        id
    }

    /// The route of one of the account's numbers; WhatsApp for a number goes where its texts go, unless it has its own.
    pub fn route(&self, number: &str) -> Option<&NumberRoute> {
        let exact = |wanted: &str| self.numbers.iter().find(|route| route.number == wanted);
        exact(number).or_else(|| exact(number.strip_prefix("whatsapp:")?))
    }

    /// The route of a number, if it is this carrier's.
    pub fn route_of(&self, carrier: Carrier, number: &str) -> Option<&NumberRoute> {
        self.route(number).filter(|_| self.carrier_of(number) == carrier)
    }

    /// Whose a number of ours is.
    pub fn carrier_of(&self, number: &str) -> Carrier {
        if self.telnyx.numbers.contains(number) { Carrier::Telnyx } else { Carrier::Twilio }
    }

    /// Whose a text is, by its number of ours.
    pub fn carrier_of_message(&self, message: &message::Message) -> Carrier {
        let ours = match message.direction {
            message::Direction::Inbound => message.to.as_str(),
            message::Direction::OutboundApi | message::Direction::OutboundReply => message.from.as_deref().unwrap_or_default(),
        };
        self.carrier_of(ours)
    }

    /// Adds a number of the second carrier or changes its webhooks.
    pub fn set_telnyx_route(&mut self, route: NumberRoute) {
        if self.telnyx.numbers.len() < SCRIPTED_NUMBERS_KEPT {
            self.telnyx.numbers.insert(route.number.clone());
        }
        self.set_route(route);
    }

    /// What one of the account's numbers has besides its webhooks.
    pub fn options_of(&self, number: &str) -> NumberOptions {
        self.number_options.get(number).cloned().unwrap_or_default()
    }

    /// Adds a number or changes its webhooks.
    pub fn set_route(&mut self, route: NumberRoute) {
        match self.numbers.iter_mut().find(|old| old.number == route.number) {
            Some(old) => *old = route,
            None => self.numbers.push(route),
        }
    }

    /// Notes something the other side did wrong.
    pub fn debug(&mut self, code: u32, message: String, sid: &str, url: &str) {
        if self.debugger.len() >= DEBUGGED_KEPT {
            self.debugger.pop_front();
        }
        self.debugger.push_back(log::Debugged { at: crate::clock::now(), code, message, sid: sid.to_owned(), url: url.to_owned() });
    }

    /// Notes that a handset page for this number was loaded, and the name it gave.
    pub fn handset_loaded(&mut self, number: &str, label: Option<&str>) {
        if self.handsets.len() < HANDSETS_KEPT || self.handsets.contains_key(number) {
            let presence = self.handsets.entry(number.to_owned()).or_default();
            presence.loaded_us = crate::clock::monotonic_us();
        }
        if let Some(label) = label
            && self.labels.len() < HANDSETS_KEPT
        {
            self.labels.insert(number.to_owned(), label.to_owned());
        }
    }

    /// True when a handset page for this number is open.
    pub fn handset_open(&self, number: &str) -> bool {
        self.handsets.get(number).is_some_and(|presence| {
            presence.connected > 0 || crate::clock::monotonic_us() < presence.loaded_us + PAGE_GRACE_US && presence.loaded_us > 0
        })
    }

    /// What the next call to this number meets. A queue's last entry repeats.
    pub fn next_behaviour(&mut self, number: &str) -> Behaviour {
        if let Some(queue) = self.behaviours.get_mut(number) {
            if queue.len() > 1 {
                if let Some(next) = queue.pop_front() {
                    return next;
                }
            } else if let Some(last) = queue.front() {
                return last.clone();
            }
        }
        if self.handset_open(number) { Behaviour::manual() } else { Behaviour::no_answer() }
    }

    /// Every message from or to a number, in order.
    pub fn messages_of(&self, number: &str) -> Vec<message::HandsetMessage> {
        self.messages
            .iter()
            .filter(|message| message.to == number || message.from.as_deref() == Some(number))
            .map(message::HandsetMessage::from)
            .collect()
    }
}
