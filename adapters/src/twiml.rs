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
        Step::Record { .. } | Step::Dial { .. } => Ok(()),
        Step::HangUp => writer.create_element("Hangup").write_empty().map(drop),
    }
}

/// The text without the characters that XML 1.0 cannot hold, however escaped: a carrier would drop the whole call for one.
fn speakable(words: &str) -> String {
    let held = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    words.chars().filter(held).filter(|c| !matches!(c, '\u{7F}'..='\u{9F}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(steps: Vec<Step>) -> String {
        let keys = |token: &StepToken| format!("https://tips.example.org/{}?on=keys&x=1", token.0);
        let spoken = |token: &StepToken| format!("https://tips.example.org/{}?on=spoken", token.0);
        render(&Script { steps }, &Voices::default(), &StepUrls { keys: &keys, spoken: &spoken })
    }

    fn say(words: &str, language: Language) -> Step {
        Step::Say { words: words.to_owned(), language }
    }

    #[test]
    fn a_question_and_a_farewell() {
        let prompt =
            vec![say("This is the tip line. Your code is", Language::En), Step::Pause { seconds: 1 }, say("4 7 1 1", Language::En)];
        let ask = Step::Ask { prompt, digits: 4, wait_seconds: 8, then: StepToken("t1".to_owned()) };
        insta::assert_snapshot!(shown(vec![ask, say("Good-bye.", Language::En), Step::HangUp]), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Gather input="dtmf" numDigits="4" timeout="8" finishOnKey="" actionOnEmptyResult="true" method="POST" action="https://tips.example.org/t1?on=keys&amp;x=1"><Say language="en-US" voice="Polly.Joanna">This is the tip line. Your code is</Say><Pause length="1"/><Say language="en-US" voice="Polly.Joanna">4 7 1 1</Say></Gather><Say language="en-US" voice="Polly.Joanna">Good-bye.</Say><Hangup/></Response>"#);
    }

    #[test]
    fn a_voicemail_in_two_languages() {
        let steps = vec![
            say("Llame, por favor.", Language::Es),
            say("اتصل بنا", Language::Ar),
            Step::Continue { then: StepToken("t2".to_owned()) },
        ];
        insta::assert_snapshot!(shown(steps), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say language="es-US" voice="Polly.Lupe-Neural">Llame, por favor.</Say><Say language="arb" voice="Polly.Zeina">اتصل بنا</Say><Redirect method="POST">https://tips.example.org/t2?on=spoken</Redirect></Response>"#);
    }

    #[test]
    fn names_cannot_break_out_and_control_characters_are_left_out() {
        let name = "O'Neil & <Sons> \"North\"\u{0}\u{B}\u{1B}\u{FFFE}\u{85}]]>\n</Say><Hangup/>";
        insta::assert_snapshot!(shown(vec![say(name, Language::En)]), @r#"
        <?xml version="1.0" encoding="UTF-8"?><Response><Say language="en-US" voice="Polly.Joanna">O&apos;Neil &amp; &lt;Sons&gt; &quot;North&quot;]]&gt;
        &lt;/Say&gt;&lt;Hangup/&gt;</Say></Response>
        "#);
    }

    #[test]
    fn nothing_to_do_is_an_empty_document() {
        insta::assert_snapshot!(shown(Vec::new()), @r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#);
    }
}
