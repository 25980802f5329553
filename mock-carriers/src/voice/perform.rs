//! Fetches instructions and performs them verb by verb, until the call is over.
//! A document is asked for at most `MOST_DOCUMENTS` times on one call, so that a loop ends.
//! What the gateway does wrong ends the call and goes to the debugger, as at Twilio.

use std::pin::Pin;

use super::order::Instructions;
use super::params;
use super::session::{Break, Session, Waited};
use super::twiml::{self, Action, Document, Verb};
use crate::clock;
use crate::state::call::{CallStatus, Line, Speaker};
use crate::state::fault::Kind;
use crate::webhook::deliver::{Delivery, Outcome, deliver};

/// Documents fetched on one call.
const MOST_DOCUMENTS: usize = 200;
/// What a caller hears when the instructions cannot be had.
const APOLOGY: &str = "An application error has occurred. Goodbye.";

/// What follows a verb or a document.
#[derive(Debug)]
pub(super) enum Flow {
    /// The next verb.
    On,
    /// Another document, asked for with these parameters.
    To(Instructions, Vec<(String, String)>),
    /// The document is at its end.
    Done,
    /// The call is hung up.
    Over,
}

/// What is left of a call after its instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Still there: the last document came to its end.
    Connected,
    /// Hung up, by either side.
    Over,
}

/// A document with the address that relative ones start from.
#[derive(Debug)]
struct Fetched {
    document: Document,
    address: String,
}

impl Session {
    /// Follows instructions to the end of the call.
    pub(super) async fn follow(&mut self, first: Instructions, extra: Vec<(String, String)>) -> After {
        let mut next = Some((first, extra));
        let mut documents = 0;
        while let Some((instructions, extra)) = next.take() {
            documents += 1;
            if documents > MOST_DOCUMENTS {
                self.blame(12000, "the call asked for too many documents", "");
                return After::Over;
            }
            let flow = match self.fetch(&instructions, extra, documents == 1).await {
                Some(fetched) => self.perform(&fetched).await,
                None => {
                    self.note(Speaker::Carrier, Some(APOLOGY), None);
                    return After::Over;
                }
            };
            next = match flow {
                Ok(Flow::To(instructions, extra)) => Some((instructions, extra)),
                Err(Break::Redirected(instructions)) => Some((instructions, Vec::new())),
                Ok(Flow::On | Flow::Done) => None,
                Ok(Flow::Over) | Err(Break::Ended) => return After::Over,
            };
        }
        After::Connected
    }

    /// The same for a call that is dialled from within another one's instructions.
    pub(super) fn follow_boxed(&mut self, first: Instructions) -> Pin<Box<dyn Future<Output = After> + Send + '_>> {
        Box::pin(self.follow(first, Vec::new()))
    }

    /// An inbound call: answered unless the first verb refuses it.
    pub(super) async fn follow_inbound(&mut self, first: Instructions) -> CallStatus {
        let Some(fetched) = self.fetch(&first, Vec::new(), true).await else {
            self.note(Speaker::Carrier, Some(APOLOGY), None);
            return CallStatus::Failed;
        };
        if let Some(Verb::Reject { busy }) = fetched.document.verbs.first() {
            return if *busy { CallStatus::Busy } else { CallStatus::NoAnswer };
        }
        self.answered();
        match self.perform(&fetched).await {
            Ok(Flow::To(next, extra)) => {
                self.follow(next, extra).await;
            }
            Err(Break::Redirected(next)) => {
                self.follow(next, Vec::new()).await;
            }
            Ok(Flow::On | Flow::Done | Flow::Over) | Err(Break::Ended) => {}
        }
        CallStatus::Completed
    }

    /// Gets a document, from the fallback address when the first one fails.
    async fn fetch(&mut self, instructions: &Instructions, extra: Vec<(String, String)>, may_fall_back: bool) -> Option<Fetched> {
        let fetched = match instructions {
            Instructions::Twiml(text) => Ok((text.clone(), String::new())),
            Instructions::Url { url, method } => {
                let outcome = self.ask(url, method, extra).await;
                self.document_text(outcome, url).map(|text| (text, url.clone()))
            }
        };
        let read = fetched.and_then(|(text, address)| {
            let document = twiml::parse(&text).map_err(|error| {
                self.blame(error.code(), &error.to_string(), &address);
                error.code()
            })?;
            for warning in &document.warnings {
                self.blame(12200, warning, &address);
            }
            Ok(Fetched { document, address })
        });
        let code = match read {
            Ok(fetched) => return Some(fetched),
            Err(code) => code,
        };
        let fallback = self.order.fallback.clone().filter(|_| may_fall_back)?;
        let failed_url = match instructions {
            Instructions::Url { url, .. } => url.clone(),
            Instructions::Twiml(_) => String::new(),
        };
        let extra = vec![("ErrorCode".to_owned(), code.to_string()), ("ErrorUrl".to_owned(), failed_url)];
        Box::pin(self.fetch(&fallback, extra, false)).await
    }

    /// Sends a voice webhook with the usual parameters and these.
    pub(super) async fn ask(&self, url: &str, method: &str, extra: Vec<(String, String)>) -> Outcome {
        let mut params = self.call().map(|call| params::common(&self.exchange, &call, call.status.as_str())).unwrap_or_default();
        params.extend(extra);
        let delivery = Delivery::post(Kind::Webhook, url, &self.sid, params).method(method);
        deliver(&self.exchange, &delivery).await
    }

    fn document_text(&self, outcome: Outcome, url: &str) -> Result<String, u32> {
        if !outcome.is_ok() {
            // `deliver` has told the debugger already.
            return Err(11200);
        }
        let kind = outcome.content_type.to_ascii_lowercase();
        if !kind.contains("xml") && !kind.contains("html") {
            self.blame(12300, &format!("invalid content type `{kind}`"), url);
            return Err(12300);
        }
        Ok(outcome.body)
    }

    pub(super) fn blame(&self, code: u32, message: &str, url: &str) {
        self.exchange.with(|state| state.debug(code, message.to_owned(), &self.sid, url));
    }

    async fn perform(&mut self, fetched: &Fetched) -> Result<Flow, Break> {
        for verb in &fetched.document.verbs {
            self.obey_waiting()?;
            match self.perform_verb(verb, &fetched.address).await? {
                Flow::On => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Done)
    }

    async fn perform_verb(&mut self, verb: &Verb, address: &str) -> Result<Flow, Break> {
        match verb {
            Verb::Say { .. } | Verb::Play { .. } | Verb::Pause { .. } => {
                self.sound(verb).await?;
                Ok(Flow::On)
            }
            Verb::Gather(gather) => self.gather(gather, address).await,
            Verb::Record(record) => self.record(record, address).await,
            Verb::Dial(dial) => self.dial(dial, address).await,
            Verb::Redirect(action) => Ok(Flow::To(resolve(action, address), Vec::new())),
            // A call that is answered can no longer be refused; Twilio hangs up.
            Verb::Hangup | Verb::Reject { .. } => Ok(Flow::Over),
        }
    }

    /// Speaks, plays or is silent; stops at a key while one is listened for.
    pub(super) async fn sound(&mut self, verb: &Verb) -> Result<Waited, Break> {
        match verb {
            Verb::Say { text, language, times } => {
                for _ in 0..*times {
                    self.push_line(Line {
                        at: clock::now(),
                        who: Speaker::Gateway,
                        text: Some(text.clone()),
                        digits: None,
                        language: language.clone(),
                        word_ms: self.word_ms(),
                        cut: false,
                    });
                    let waited = self.wait(self.speech(text)).await;
                    if !matches!(waited, Ok(Waited::Elapsed)) {
                        self.cut_speech();
                        return waited;
                    }
                }
                Ok(Waited::Elapsed)
            }
            Verb::Play { digits: Some(digits), .. } => {
                self.note(Speaker::Gateway, None, Some(digits.clone()));
                Ok(Waited::Elapsed)
            }
            Verb::Play { url, digits: None } => {
                self.note(Speaker::Gateway, Some(&format!("(plays {url})")), None);
                self.wait(self.seconds(1)).await
            }
            Verb::Pause { length_s } => self.wait(self.seconds(*length_s)).await,
            Verb::Gather(_) | Verb::Record(_) | Verb::Dial(_) | Verb::Redirect(_) | Verb::Hangup | Verb::Reject { .. } => {
                Ok(Waited::Elapsed)
            }
        }
    }
}

/// An action's address seen from the current document's; empty means the current document.
pub(super) fn resolve(action: &Action, address: &str) -> Instructions {
    let bare = address.split_once('#').map_or(address, |(url, _)| url);
    let joined = reqwest::Url::parse(bare).ok().and_then(|base| base.join(&action.url).ok());
    let url = match (action.url.is_empty(), joined) {
        (true, _) => address.to_owned(),
        (false, Some(url)) => url.to_string(),
        (false, None) => action.url.clone(),
    };
    Instructions::Url { url, method: action.method.clone() }
}
