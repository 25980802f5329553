//! `<Gather>`: the prompt, the keys or the words, and where they go.
//! A key during the prompt stops it, as at Twilio. A scripted person listens to the whole prompt, waits, and
//! keys what the script says about what was heard. Nothing keyed: no request, the next verb follows.

use std::time::Duration;

use super::behaviour::Answer;
use super::order::Instructions;
use super::perform::{Flow, resolve};
use super::session::{Break, Session, Waited};
use super::twiml::{Gather, Verb};
use crate::state::call::{Listening, Speaker};

impl Session {
    pub(super) async fn gather(&mut self, gather: &Gather, address: &str) -> Result<Flow, Break> {
        self.keyed.clear();
        self.spoken.clear();
        (self.listening, self.hearing) = (gather.takes_digits, gather.takes_speech);
        self.set_listening(Listening::Prompt);
        let taken = self.take_keys(gather).await;
        (self.listening, self.hearing) = (false, false);
        self.set_listening(Listening::Nothing);
        taken?;
        let said = std::mem::take(&mut self.spoken);
        let (digits, finished_on) = cut_at_finish(&self.keyed, gather);
        self.keyed.clear();
        if let Some((words, _)) = said.into_iter().next() {
            let extra = [("SpeechResult", words), ("Confidence", "0.9".to_owned()), ("Language", "en-US".to_owned())];
            let extra = extra.map(|(key, value)| (key.to_owned(), value)).to_vec();
            return Ok(self.gathered(gather, address, extra));
        }
        if digits.is_empty() && finished_on.is_none() && !gather.action_on_empty {
            return Ok(Flow::On);
        }
        let mut extra = vec![("Digits".to_owned(), digits)];
        if let Some(key) = finished_on {
            extra.push(("FinishedOnKey".to_owned(), key.to_string()));
        }
        Ok(self.gathered(gather, address, extra))
    }

    /// On to the action with what was taken.
    fn gathered(&self, gather: &Gather, address: &str, extra: Vec<(String, String)>) -> Flow {
        let Instructions::Url { url, method } = resolve(&gather.action, address) else {
            return Flow::Over;
        };
        if url.is_empty() {
            self.blame(12200, "a <Gather> in a Twiml parameter needs an action", "");
            return Flow::Over;
        }
        Flow::To(Instructions::Url { url, method }, extra)
    }

    /// Prompts and waits until the keys are complete or the time is over.
    async fn take_keys(&mut self, gather: &Gather) -> Result<(), Break> {
        let mut heard = String::new();
        for prompt in &gather.prompts {
            if let Verb::Say { text, .. } = prompt {
                heard.push_str(text);
                heard.push(' ');
            }
            if self.sound(prompt).await? != Waited::Elapsed {
                break;
            }
        }
        self.set_listening(Listening::Keys);
        if self.keyed.is_empty() && self.spoken.is_empty() {
            self.key_as_scripted(&heard).await?;
        }
        self.prompts += 1;
        while self.spoken.is_empty() && !is_complete(&self.keyed, gather) {
            if self.wait(self.seconds(gather.timeout_s)).await? == Waited::Elapsed {
                break;
            }
        }
        Ok(())
    }

    async fn key_as_scripted(&mut self, heard: &str) -> Result<(), Break> {
        if self.conduct.answer != Answer::Human || !self.listening {
            return Ok(());
        }
        let Some(digits) = self.conduct.digits_at(self.prompts, heard) else {
            return Ok(());
        };
        let waited = self.wait(Duration::from_millis(self.conduct.after_ms)).await?;
        if waited == Waited::Elapsed {
            self.note(Speaker::Callee, None, Some(digits.clone()));
            self.keyed.push_str(&digits);
        }
        Ok(())
    }
}

fn is_complete(keyed: &str, gather: &Gather) -> bool {
    let enough = gather.num_digits.is_some_and(|digits| keyed.chars().count() >= digits);
    enough || gather.finish_on_key.is_some_and(|key| keyed.contains(key))
}

/// The digits before the finishing key, at most as many as asked for, and that key if it was pressed.
fn cut_at_finish(keyed: &str, gather: &Gather) -> (String, Option<char>) {
    let before = gather.finish_on_key.and_then(|key| keyed.split_once(key).map(|(digits, _)| (digits, key)));
    let (digits, key) = before.map_or((keyed, None), |(digits, key)| (digits, Some(key)));
    let most = gather.num_digits.unwrap_or(usize::MAX);
    if digits.chars().count() >= most {
        return (digits.chars().take(most).collect(), None);
    }
    (digits.to_owned(), key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::twiml;

    fn gather(attributes: &str) -> Gather {
        let text = format!("<Response><Gather {attributes}/></Response>");
        match twiml::parse(&text).unwrap().verbs.remove(0) {
            Verb::Gather(gather) => gather,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_end_by_number_or_by_the_finishing_key() {
        let two = gather("numDigits=\"2\"");
        assert!(!is_complete("4", &two) && is_complete("47", &two) && is_complete("4#", &two));
        assert_eq!(cut_at_finish("479", &two), ("47".to_owned(), None));
        assert_eq!(cut_at_finish("4#7", &two), ("4".to_owned(), Some('#')));
        let off = gather("finishOnKey=\"\"");
        assert_eq!(cut_at_finish("4#7", &off), ("4#7".to_owned(), None));
    }
}
