//! Renders the carrier-neutral voice script as TwiML (carriers.md 2.3), for every carrier that speaks it.
//!
//! Everything goes through an XML writer, so that a name with `&` or `<` cannot end a call; characters that XML 1.0 cannot
//! hold are left out first, since no escape exists for them. Who speaks which language is configuration; what is said and
//! when is the domain's; the URLs are the provider's.

use domain::exchange::StepToken;
use domain::language::Language;
use domain::voice::script::{Script, Step};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// A script that does nothing.
pub const EMPTY: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;

/// Who speaks a language: the tag and the voice as the carrier names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The `language` attribute, such as `en-US`.
    pub language: String,
    /// The `voice` attribute, such as `Polly.Joanna`; empty for the carrier's own choice.
    pub voice: String,
}

/// A voice for each language (R48).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voices {
    /// English.
    pub en: Voice,
    /// Spanish.
    pub es: Voice,
    /// Arabic.
    pub ar: Voice,
}

impl Default for Voices {
    fn default() -> Self {
        let voice = |language: &str, voice: &str| Voice { language: language.to_owned(), voice: voice.to_owned() };
        Self { en: voice("en-US", "Polly.Joanna"), es: voice("es-US", "Polly.Lupe-Neural"), ar: voice("arb", "Polly.Zeina") }
    }
}

impl Voices {
    fn of(&self, language: Language) -> &Voice {
        match language {
            Language::En => &self.en,
            Language::Es => &self.es,
            Language::Ar => &self.ar,
        }
    }
}

/// How a provider writes the URL of a step.
pub struct StepUrls<'a> {
    /// After keys, or their time running out.
    pub keys: &'a dyn Fn(&StepToken) -> String,
    /// After everything was spoken.
    pub spoken: &'a dyn Fn(&StepToken) -> String,
}

/// The document. Writing into memory cannot fail; were it to, the caller would hear nothing and the call end, which the
/// domain takes for no receipt.
pub fn render(script: &Script, voices: &Voices, urls: &StepUrls<'_>) -> String {
    let mut writer = Writer::new(Vec::new());
    let written = writer
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| writer.create_element("Response").write_inner_content(|inner| steps(inner, &script.steps, voices, urls)).map(drop));
    match written {
        Ok(()) => String::from_utf8(writer.into_inner()).unwrap_or_else(|_| EMPTY.to_owned()),
        Err(_) => EMPTY.to_owned(),
    }
}

fn steps(writer: &mut Writer<Vec<u8>>, all: &[Step], voices: &Voices, urls: &StepUrls<'_>) -> io::Result<()> {
    all.iter().try_for_each(|one| step(writer, one, voices, urls))
}

fn step(writer: &mut Writer<Vec<u8>>, step: &Step, voices: &Voices, urls: &StepUrls<'_>) -> io::Result<()> {
    match step {
        Step::Say { words, language } => {
            let voice = voices.of(*language);
            let mut say = writer.create_element("Say").with_attribute(("language", voice.language.as_str()));
            if !voice.voice.is_empty() {
                say = say.with_attribute(("voice", voice.voice.as_str()));
            }
            say.write_text_content(BytesText::new(&speakable(words))).map(drop)
        }
        Step::Pause { seconds } => {
            writer.create_element("Pause").with_attribute(("length", seconds.to_string().as_str())).write_empty().map(drop)
        }
        Step::Ask { prompt, digits, wait_seconds, then } => writer
            .create_element("Gather")
            .with_attribute(("input", "dtmf"))
            .with_attribute(("numDigits", digits.to_string().as_str()))
            .with_attribute(("timeout", wait_seconds.to_string().as_str()))
            // A code may hold any key, so none of them ends it early.
            .with_attribute(("finishOnKey", ""))
            .with_attribute(("actionOnEmptyResult", "true"))
            .with_attribute(("method", "POST"))
            .with_attribute(("action", (urls.keys)(then).as_str()))
            .write_inner_content(|inner| steps(inner, prompt, voices, urls))
            .map(drop),
        Step::Continue { then } => {
            let url = (urls.spoken)(then);
            let redirect = writer.create_element("Redirect").with_attribute(("method", "POST"));
            redirect.write_text_content(BytesText::new(&url)).map(drop)
        }
        Step::HangUp => writer.create_element("Hangup").write_empty().map(drop),
    }
}

/// The text without the characters that XML 1.0 cannot hold, however escaped: a carrier would drop the whole call for one.
fn speakable(words: &str) -> String {
    let held = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    words.chars().filter(held).filter(|c| !matches!(c, '\u{7F}'..='\u{9F}')).collect()
}
