//! What happens at the far end: callbacks on their way, phones that ring, voices that are heard, keys that are pressed, mails that are read.
//!
//! The call itself is the real `EnduserCall`: what is spoken decides what can be keyed. What really was keyed or posted is written down here as the
//! truth, which only the checker reads.

use crate::bug::Bug;
use crate::carrier::{Habit, Manner, Ring};
use crate::world::{Happening, World};
use domain::channel::Means;
use domain::dispatch::evidence::{ConfirmedBy, End, ReceiptKind};
use domain::dispatch::obligation::{Event, Obligation};
use domain::dispatch::purpose::Purpose;
use domain::exchange::{Heard, StepToken};
use domain::id::AttemptId;
use domain::language::Language;
use domain::voice::call_back::{ToConfirm, to_confirm};
use domain::voice::enduser_call::{EnduserCall, Facts, Phase, PinState};
use domain::voice::script::Step;

impl World {
    /// What will happen to what the carrier took.
    pub fn begin_leg(&mut self, attempt: AttemptId, means: Means, habit: Habit) {
        if self.rng.f64() < self.mood.callback_lost * 0.1 {
            return self.tell(|| "the leg is stuck at the carrier".to_owned());
        }
        let scatter = self.rng.f64();
        match means {
            Means::Call => {
                self.news(0.1, attempt, ReceiptKind::Submitted);
                self.news(2.0, attempt, ReceiptKind::Rang);
                match Ring::random(&mut self.rng, habit) {
                    Ring::Busy => self.later(4.0, Happening::LegEnds { attempt, end: End::Busy }),
                    Ring::NoAnswer => self.later(25.0, Happening::LegEnds { attempt, end: End::NoAnswer }),
                    Ring::Fails(code) => self.later(1.0, Happening::LegEnds { attempt, end: End::Failed(code) }),
                    Ring::Answers(by, manner) => {
                        let heard = Heard::Answered(by);
                        self.later(4.0 + scatter * 16.0, Happening::CallStep { attempt, step: 0, heard, manner });
                    }
                }
            }
            Means::Mail => {
                self.later(2.0, Happening::MailRead { attempt, by_person: false });
                if habit == Habit::Invalid || scatter < 0.05 {
                    let code = if habit == Habit::Invalid { 550 } else { 451 };
                    self.later(1.0 + scatter * 4000.0, Happening::LegEnds { attempt, end: End::Undelivered(Some(code)) });
                } else if habit == Habit::Diligent || scatter < 0.3 {
                    self.later(10.0 + scatter * 4000.0, Happening::MailRead { attempt, by_person: true });
                } else if scatter < 0.35 {
                    let row = self.attempts[&attempt].row;
                    self.later(10.0 + scatter * 4000.0, Happening::Portal { row });
                }
            }
            Means::Text => {
                self.news(1.0, attempt, ReceiptKind::Submitted);
                if habit == Habit::Invalid || scatter < 0.1 {
                    let code = if habit == Habit::Invalid { 30005 } else { 30003 };
                    self.later(5.0, Happening::LegEnds { attempt, end: End::Undelivered(Some(code)) });
                } else {
                    self.news(5.0, attempt, ReceiptKind::Delivered);
                    if scatter < 0.5 {
                        let right = scatter < 0.35 && habit != Habit::Stranger;
                        self.later(20.0 + scatter * 4000.0, Happening::TextAnswered { attempt, right });
                    }
                }
            }
        }
    }

    /// A callback on its way: perhaps lost, late, or twice.
    fn news(&mut self, after: f64, attempt: AttemptId, kind: ReceiptKind) {
        let Some(leg) = self.carrier.legs.get_mut(&attempt) else { return };
        leg.callbacks += 1;
        let once = format!("callback:{}", leg.callbacks);
        if self.rng.f64() < self.mood.callback_lost {
            return self.tell(|| format!("{once} {kind:?} will be lost"));
        }
        let copies = if self.rng.f64() < self.mood.callback_doubled { 2 } else { 1 };
        for _ in 0..copies {
            let late = if self.rng.f64() < self.mood.callback_late { self.rng.f64() * 400.0 } else { self.rng.f64() };
            self.later(after + late, Happening::Callback { attempt, once: once.clone(), kind: kind.clone() });
        }
    }

    pub fn leg_ends(&mut self, attempt: AttemptId, end: End) {
        if let Some(leg) = self.carrier.legs.get_mut(&attempt).filter(|leg| leg.ended.is_none()) {
            leg.ended = Some((self.now, end.clone()));
            leg.over = true;
            // A carrier that contradicts itself: every order of the two has to give the same answer.
            if self.rng.f64() < self.mood.callback_doubled * 0.2 {
                self.news(0.2, attempt, ReceiptKind::Ended(End::Failed(None)));
            }
            self.news(0.2, attempt, ReceiptKind::Ended(end));
        }
    }

    /// The carrier asks what to say next. The same step asked twice changes nothing the second time.
    pub fn call_step(&mut self, attempt: AttemptId, step: u32, heard: Heard, manner: Manner) {
        if self.carrier.legs.get(&attempt).is_none_or(|leg| leg.over) {
            return;
        }
        let down = self.is_down();
        let Some(entry) = self.attempts.get_mut(&attempt).filter(|_| !down) else {
            return self.leg_ends(attempt, End::Completed);
        };
        if entry.call.step != step {
            return;
        }
        let (row, code) = (entry.row, entry.code);
        if matches!(entry.call.phase, Phase::Asking { .. }) && heard == Heard::Digits(code.digits()) {
            self.rows[row].truly.insert(ConfirmedBy::Keypad);
        }
        // Every enduser has the same PIN here.
        let pin = match &heard {
            Heard::Digits(keys) if entry.call.wants_pin() && keys == PIN => PinState::Right,
            Heard::Digits(_) if entry.call.wants_pin() => PinState::Wrong,
            Heard::Digits(_) | Heard::Answered(_) | Heard::Spoken | Heard::Steered => PinState::Kept,
        };
        if matches!(entry.call.phase, Phase::Pin { .. }) && pin == PinState::Right {
            self.rows[row].truly.insert(ConfirmedBy::Pin);
        }
        let obligation = &self.rows[row].obligation;
        let (organization_name, purpose, level) = (&obligation.step.organization_name, obligation.purpose, obligation.level);
        let (voice, reference, language) = (&self.voice, &self.reference, Language::En);
        let (summary, machine) = (None, false);
        let facts = Facts { voice, organization_name, reference, purpose, level, language, code, pin, summary, machine };
        let (next, script, receipts) = entry.call.clone().decide(&heard, &facts, StepToken(format!("{step}")));
        entry.call = next.clone();
        let receipts: Vec<_> = receipts.into_iter().enumerate().map(|(index, kind)| (format!("step:{step}:{index}"), kind)).collect();
        if receipts.iter().any(|(_, kind)| *kind == ReceiptKind::VoicemailLeft) && self.rng.f64() < 0.3 {
            let (wait, right) = (30.0 + self.rng.f64() * 600.0, self.rng.f64() < 0.7);
            self.later(wait, Happening::CallBack { attempt, right });
        }
        self.receive(attempt, &receipts);
        self.react(attempt, &next, script.steps.last(), manner);
    }

    /// What is heard after a script.
    fn react(&mut self, attempt: AttemptId, call: &EnduserCall, last: Option<&Step>, manner: Manner) {
        let wait = 3.0 + self.rng.f64() * 10.0;
        let heard = match last {
            Some(Step::Ask { .. }) => self.keyed(attempt, call.phase, manner).map(Heard::Digits),
            Some(Step::Continue { .. }) => Some(Heard::Spoken).filter(|_| self.rng.f64() < 0.8),
            Some(Step::HangUp | Step::Say { .. } | Step::Pause { .. } | Step::Record { .. } | Step::Dial { .. }) | None => None,
        };
        match heard {
            None => self.later(1.0, Happening::LegEnds { attempt, end: End::Completed }),
            Some(heard) => {
                let copies = if self.rng.f64() < self.mood.callback_doubled { 2 } else { 1 };
                for copy in 0..copies {
                    let wait = wait + f64::from(copy) * 0.3;
                    self.later(wait, Happening::CallStep { attempt, step: call.step, heard: heard.clone(), manner });
                }
            }
        }
    }

    /// Which keys the enduser presses; `None` hangs up.
    fn keyed(&self, attempt: AttemptId, phase: Phase, manner: Manner) -> Option<String> {
        let entry = &self.attempts[&attempt];
        let right = entry.code.digits();
        let wrong: String = right.chars().rev().collect();
        let old = self.attempts.values().find(|other| other.row == entry.row && other.code.digits() != right);
        match manner {
            Manner::KeysRight => Some(right),
            Manner::KeysWrongThenRight if phase == (Phase::Asking { tries: 0 }) => Some(wrong),
            Manner::KeysWrongThenRight => Some(right),
            Manner::KeysWrong => Some(wrong),
            Manner::KeysOld => Some(old.map_or_else(String::new, |other| other.code.digits())),
            Manner::Silent => Some(String::new()),
            Manner::HangsUp => None,
            Manner::KeysNine => Some("9".to_owned()),
            Manner::KeysPin | Manner::KeysWrongPin if !matches!(phase, Phase::Pin { .. }) => Some("0".to_owned()),
            Manner::KeysPin => Some(PIN.to_owned()),
            Manner::KeysWrongPin => Some("4444".to_owned()),
        }
    }

    /// A scanner fetches the link, or a person reads the mail and sends the page's form.
    pub fn mail_read(&mut self, attempt: AttemptId, by_person: bool) {
        let row = self.attempts[&attempt].row;
        if by_person && !self.is_down() {
            self.rows[row].truly.insert(ConfirmedBy::MailPage);
        }
        if !self.is_down() && (by_person || self.bug == Some(Bug::ScannerConfirms)) {
            self.receive(attempt, &[("page".to_owned(), ReceiptKind::Confirmed(ConfirmedBy::MailPage))]);
        }
    }

    /// `OK` and a code, as a text: the code of the text, or of another.
    pub fn text_answered(&mut self, attempt: AttemptId, right: bool) {
        if self.is_down() {
            return;
        }
        let entry = &self.attempts[&attempt];
        let (row, code) = (entry.row, entry.text_code);
        let sent = if right { code } else { code ^ 1 };
        if right {
            self.rows[row].truly.insert(ConfirmedBy::Text);
        }
        let kind = if sent == code || self.bug == Some(Bug::AnyTextConfirms) {
            ReceiptKind::Confirmed(ConfirmedBy::Text)
        } else {
            ReceiptKind::WrongKey
        };
        self.outcome.texts += 1;
        self.receive(attempt, &[(format!("text:{sent}"), kind)]);
    }

    /// They call our number and key the reference and a PIN; what they confirm is the rules' to say.
    pub fn call_back(&mut self, attempt: AttemptId, right: bool) {
        if self.is_down() || !(right || self.bug == Some(Bug::CallBackWithoutPin)) {
            return;
        }
        let row = self.attempts[&attempt].row;
        let person = self.rows[row].obligation.step.person.clone();
        let own: Vec<Obligation> = self.rows.iter().map(|row| row.obligation.clone()).filter(|o| o.purpose == Purpose::Tip).collect();
        let Some(ToConfirm::Open(promised, latest)) = to_confirm(&own, &person) else { return };
        let Some(row) = self.rows.iter().position(|row| row.obligation.id == promised) else { return };
        if right {
            self.rows[row].truly.insert(ConfirmedBy::CallBack);
        }
        self.outcome.call_backs += 1;
        self.receive(latest, &[("call-back".to_owned(), ReceiptKind::Confirmed(ConfirmedBy::CallBack))]);
    }

    /// They log in and confirm, whatever became of the attempts.
    pub fn portal(&mut self, row: usize) {
        if !self.is_down() {
            self.rows[row].truly.insert(ConfirmedBy::Portal);
            self.rows[row].recorded = true;
            self.outcome.portal += 1;
            let at = self.clock();
            self.commit(row, Event::Confirmed { at, by: ConfirmedBy::Portal });
        }
    }
}

/// What every enduser keys who keys their PIN.
const PIN: &str = "13579";
