//! How the other side of a call behaves: who answers, what is keyed, what is said.
//! Scripted through `POST /control/behaviour`; without a script a number with an open handset page is
//! `manual` and any other does not answer.

use serde::{Deserialize, Serialize};

use super::heard;

/// One call's behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Who or what answers.
    pub answer: Answer,
    /// What a human keys at each prompt: `heard_code`, `wrong`, `none` or digits. A list gives one for each
    /// prompt in turn, and its last repeats.
    #[serde(default)]
    pub key: Keys,
    /// How long a human waits after the prompt before keying, in milliseconds.
    #[serde(default)]
    pub after_ms: u64,
    /// Ringing before the answer, in milliseconds; the mock's usual time when not given.
    #[serde(default)]
    pub ring_ms: Option<u64>,
    /// What machine detection says instead of the truth, such as `unknown`.
    #[serde(default)]
    pub answered_by: Option<String>,
    /// How much longer machine detection takes than it needs, in milliseconds.
    #[serde(default)]
    pub amd_after_ms: u64,
    /// What is said into a recording.
    #[serde(default)]
    pub say: Option<String>,
    /// A machine's greeting.
    #[serde(default)]
    pub greeting: Option<String>,
}

/// Who or what answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A person.
    Human,
    /// A greeting, a beep, then silence.
    Machine,
    /// The line is busy.
    Busy,
    /// It rings and nobody comes.
    NoAnswer,
    /// The person declines; a carrier reports busy.
    Decline,
    /// A fax machine.
    Fax,
    /// The call cannot be placed.
    Failed,
    /// A person at a handset page decides.
    Manual,
    /// A person answers and hangs up at once.
    HangupAfterAnswer,
}

impl Answer {
    /// The word used in the control API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Machine => "machine",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Decline => "decline",
            Self::Fax => "fax",
            Self::Failed => "failed",
            Self::Manual => "manual",
            Self::HangupAfterAnswer => "hangup_after_answer",
        }
    }
}

/// What is keyed, prompt after prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Keys {
    /// The same at every prompt.
    One(String),
    /// One for each prompt.
    Each(Vec<String>),
}

impl Default for Keys {
    fn default() -> Self {
        Self::One("none".to_owned())
    }
}

impl Behaviour {
    /// A behaviour with nothing special.
    pub fn of(answer: Answer) -> Self {
        Self { answer, key: Keys::default(), after_ms: 0, ring_ms: None, answered_by: None, amd_after_ms: 0, say: None, greeting: None }
    }

    /// A human who keys this at every prompt: `heard_code`, `wrong`, `none` or digits.
    pub fn human(key: &str) -> Self {
        Self { key: Keys::One(key.to_owned()), ..Self::of(Answer::Human) }
    }

    /// Rings on a handset page.
    pub fn manual() -> Self {
        Self::of(Answer::Manual)
    }

    /// Nobody comes.
    pub fn no_answer() -> Self {
        Self::of(Answer::NoAnswer)
    }

    /// The digits keyed at the prompt with this index, having heard this text; none for nothing.
    pub fn digits_at(&self, prompt_index: usize, heard_text: &str) -> Option<String> {
        let key = match &self.key {
            Keys::One(key) => key.as_str(),
            Keys::Each(keys) => keys.get(prompt_index).or(keys.last())?.as_str(),
        };
        match key {
            "none" | "" => None,
            "heard_code" => heard::code(heard_text),
            "wrong" => Some(heard::other_than(&heard::code(heard_text)?)),
            digits => Some(digits.to_owned()),
        }
    }

    /// Checks what serde cannot; the sentence names the fault.
    pub fn check(&self) -> Result<(), String> {
        let keys: Vec<&str> = match &self.key {
            Keys::One(key) => vec![key],
            Keys::Each(keys) => keys.iter().map(String::as_str).collect(),
        };
        let known = |key: &str| {
            matches!(key, "none" | "heard_code" | "wrong" | "") || key.chars().all(|c| c.is_ascii_digit() || c == '*' || c == '#')
        };
        match keys.iter().find(|key| !known(key)) {
            Some(key) => Err(format!("`{key}` cannot be keyed: use heard_code, wrong, none or digits")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_one_key_for_each_prompt_and_its_last_repeats() {
        let text = r#"{"answer":"human","key":["heard_code","1"]}"#;
        let behaviour: Behaviour = serde_json::from_str(text).unwrap();
        let heard = "press four, seven";
        assert_eq!(behaviour.digits_at(0, heard).as_deref(), Some("47"));
        assert_eq!(behaviour.digits_at(1, heard).as_deref(), Some("1"));
        assert_eq!(behaviour.digits_at(5, heard).as_deref(), Some("1"));
        assert!(Behaviour::human("maybe").check().is_err());
    }
}
