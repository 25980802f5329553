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

/// What a URL in the document is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// The next script, after keys or their time running out.
    Keys,
    /// The next script, after everything was spoken.
    Spoken,
    /// The next script, after a recording or a silence instead of it.
    Recorded,
    /// The next script, after another number was dialled.
    Dialled,
    /// Nothing: a recording is ready.
    RecordingNews,
    /// Nothing: a machine has understood a recording.
    Transcript,
}

/// How a provider writes the URLs of a step.
pub type StepUrls<'a> = dyn Fn(&StepToken, Wants) -> String + 'a;

/// The longest text of one `Say`, in characters; the carrier takes 4,096 (carriers.md 2.3).
const MOST_SPOKEN_CHARS: usize = 4000;

/// The document. Writing into memory cannot fail; were it to, the caller would hear nothing and the call end, which the
/// domain takes for no receipt.
pub fn render(script: &Script, voices: &Voices, urls: &StepUrls<'_>) -> String {
    document(script, &Style { voices, after_no_keys: AfterNoKeys::Asked }, urls)
}

/// The same for a carrier that does not promise to ask when no key was pressed (TeXML): it goes on in the document, and is asked there.
pub fn render_texml(script: &Script, voices: &Voices, urls: &StepUrls<'_>) -> String {
    document(script, &Style { voices, after_no_keys: AfterNoKeys::GoesOn }, urls)
}

/// What a carrier does when no key was pressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterNoKeys {
    Asked,
    GoesOn,
}

/// Who speaks, and to which carrier.
struct Style<'a> {
    voices: &'a Voices,
    after_no_keys: AfterNoKeys,
}

fn document(script: &Script, style: &Style<'_>, urls: &StepUrls<'_>) -> String {
    let mut writer = Writer::new(Vec::new());
    let written = writer
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| writer.create_element("Response").write_inner_content(|inner| steps(inner, &script.steps, style, urls)).map(drop));
    match written {
        Ok(()) => String::from_utf8(writer.into_inner()).unwrap_or_else(|_| EMPTY.to_owned()),
        Err(_) => EMPTY.to_owned(),
    }
}

fn steps(writer: &mut Writer<Vec<u8>>, all: &[Step], style: &Style<'_>, urls: &StepUrls<'_>) -> io::Result<()> {
    all.iter().try_for_each(|one| step(writer, one, style, urls))
}

fn step(writer: &mut Writer<Vec<u8>>, step: &Step, style: &Style<'_>, urls: &StepUrls<'_>) -> io::Result<()> {
    match step {
        Step::Say { words, language } => {
            let words = speakable(words);
            spoken_parts(&words).into_iter().try_for_each(|part| say(writer, part, style.voices.of(*language)))
        }
        Step::Pause { seconds } => {
            writer.create_element("Pause").with_attribute(("length", seconds.to_string().as_str())).write_empty().map(drop)
        }
        Step::Ask { prompt, digits, finish_on_hash, wait_seconds, then } => writer
            .create_element("Gather")
            .with_attribute(("input", "dtmf"))
            .with_attribute(("numDigits", digits.to_string().as_str()))
            .with_attribute(("timeout", wait_seconds.to_string().as_str()))
            // A code may hold any key, so none of them ends it early; a PIN is of digits and its length is not told.
            .with_attribute(("finishOnKey", if *finish_on_hash { "#" } else { "" }))
            .with_attribute(("actionOnEmptyResult", "true"))
            .with_attribute(("method", "POST"))
            .with_attribute(("action", urls(then, Wants::Keys).as_str()))
            .write_inner_content(|inner| steps(inner, prompt, style, urls))
            .and_then(|writer| match style.after_no_keys {
                AfterNoKeys::Asked => Ok(()),
                AfterNoKeys::GoesOn => redirect(writer, &urls(then, Wants::Keys)),
            }),
        Step::Continue { then } => redirect(writer, &urls(then, Wants::Spoken)),
        Step::Record { most_seconds, silence_seconds, language, then } => {
            record(writer, *most_seconds, *silence_seconds, *language, &|wants| urls(then, wants))
        }
        // Without a number of ours to show, the carrier would show the caller's: then nobody is dialled.
        Step::Dial { from, then, .. } if from.reveal().is_empty() => redirect(writer, &urls(then, Wants::Dialled)),
        Step::Dial { to, from, ring_seconds, then } => writer
            .create_element("Dial")
            .with_attribute(("action", urls(then, Wants::Dialled).as_str()))
            .with_attribute(("method", "POST"))
            .with_attribute(("timeout", ring_seconds.to_string().as_str()))
            .with_attribute(("callerId", from.reveal()))
            .with_attribute(("answerOnBridge", "true"))
            .write_text_content(BytesText::new(to.reveal()))
            .map(drop),
        Step::HangUp => writer.create_element("Hangup").write_empty().map(drop),
    }
}

fn say(writer: &mut Writer<Vec<u8>>, words: &str, voice: &Voice) -> io::Result<()> {
    let mut say = writer.create_element("Say").with_attribute(("language", voice.language.as_str()));
    if !voice.voice.is_empty() {
        say = say.with_attribute(("voice", voice.voice.as_str()));
    }
    say.write_text_content(BytesText::new(words)).map(drop)
}

fn redirect(writer: &mut Writer<Vec<u8>>, url: &str) -> io::Result<()> {
    writer.create_element("Redirect").with_attribute(("method", "POST")).write_text_content(BytesText::new(url)).map(drop)
}

/// A recording is told of twice, by the action and by its own news: the second comes also when the caller has hung up. After a silence the
/// carrier asks for no action but goes on in the document, so the same step is asked for there.
fn record(
    writer: &mut Writer<Vec<u8>>,
    most_seconds: u16,
    silence_seconds: u8,
    language: Language,
    url: &dyn Fn(Wants) -> String,
) -> io::Result<()> {
    let mut record = writer
        .create_element("Record")
        .with_attribute(("action", url(Wants::Recorded).as_str()))
        .with_attribute(("method", "POST"))
        .with_attribute(("maxLength", most_seconds.to_string().as_str()))
        .with_attribute(("timeout", silence_seconds.to_string().as_str()))
        .with_attribute(("finishOnKey", "#"))
        .with_attribute(("playBeep", "true"))
        .with_attribute(("trim", "trim-silence"))
        .with_attribute(("recordingStatusCallback", url(Wants::RecordingNews).as_str()))
        .with_attribute(("recordingStatusCallbackMethod", "POST"))
        .with_attribute(("recordingStatusCallbackEvent", "completed"));
    if understood_by_machines(language) {
        record = record.with_attribute(("transcribe", "true")).with_attribute(("transcribeCallback", url(Wants::Transcript).as_str()));
    }
    record.write_empty()?;
    redirect(writer, &url(Wants::Recorded))
}

/// The carrier's transcription takes English for everything (carriers.md 2.2).
fn understood_by_machines(language: Language) -> bool {
    match language {
        Language::En => true,
        Language::Es | Language::Ar => false,
    }
}

/// The text in parts that one `Say` can hold, cut at spaces where there are any.
fn spoken_parts(words: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = words;
    while let Some((most, _)) = rest.char_indices().nth(MOST_SPOKEN_CHARS) {
        let cut = rest[..most].rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(most);
        let (part, after) = rest.split_at(cut);
        parts.push(part);
        rest = after.trim_start();
    }
    if parts.is_empty() || !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// The text without the characters that XML 1.0 cannot hold, however escaped: a carrier would drop the whole call for one.
fn speakable(words: &str) -> String {
    let held = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    words.chars().filter(held).filter(|c| !matches!(c, '\u{7F}'..='\u{9F}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sealed::Address;

    fn shown(steps: Vec<Step>) -> String {
        let url = |token: &StepToken, wants: Wants| match wants {
            Wants::Keys => format!("https://tips.example.org/{}?on=keys&x=1", token.0),
            Wants::Spoken => format!("https://tips.example.org/{}?on=spoken", token.0),
            other => format!("https://tips.example.org/{}/{other:?}", token.0),
        };
        render(&Script { steps }, &Voices::default(), &url)
    }

    fn say(words: &str, language: Language) -> Step {
        Step::Say { words: words.to_owned(), language }
    }

    #[test]
    fn a_question_and_a_farewell() {
        let prompt =
            vec![say("This is the tip line. Your code is", Language::En), Step::Pause { seconds: 1 }, say("4 7 1 1", Language::En)];
        let ask = Step::Ask { prompt, digits: 4, finish_on_hash: false, wait_seconds: 8, then: StepToken("t1".to_owned()) };
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

    fn recorded(language: Language) -> String {
        shown(vec![Step::Record { most_seconds: 180, silence_seconds: 8, language, then: StepToken("t3".to_owned()) }])
    }

    #[test]
    fn a_recording_is_told_of_by_its_action_and_by_its_news() {
        insta::assert_snapshot!(recorded(Language::En), @r##"<?xml version="1.0" encoding="UTF-8"?><Response><Record action="https://tips.example.org/t3/Recorded" method="POST" maxLength="180" timeout="8" finishOnKey="#" playBeep="true" trim="trim-silence" recordingStatusCallback="https://tips.example.org/t3/RecordingNews" recordingStatusCallbackMethod="POST" recordingStatusCallbackEvent="completed" transcribe="true" transcribeCallback="https://tips.example.org/t3/Transcript"/><Redirect method="POST">https://tips.example.org/t3/Recorded</Redirect></Response>"##);
        assert!(!recorded(Language::Es).contains("transcri") && !recorded(Language::Ar).contains("transcri"));
    }

    #[test]
    fn who_is_dialled_sees_our_number_or_is_not_dialled() {
        let dial = |from: &str| {
            let (to, from) = (Address::new("+15555550110"), Address::new(from));
            shown(vec![Step::Dial { to, from, ring_seconds: 25, then: StepToken("t4".to_owned()) }])
        };
        insta::assert_snapshot!(dial("+15555550100"), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial action="https://tips.example.org/t4/Dialled" method="POST" timeout="25" callerId="+15555550100" answerOnBridge="true">+15555550110</Dial></Response>"#);
        assert!(!dial("").contains("<Dial"));
    }

    #[test]
    fn long_words_are_spoken_in_parts() {
        for words in ["", "x", &"word ".repeat(3000), &"y".repeat(9000), &"كلمة ".repeat(2000)] {
            let parts = spoken_parts(words);
            assert!(parts.iter().all(|part| part.chars().count() <= MOST_SPOKEN_CHARS));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&parts.concat()), letters(words), "nothing is left out");
        }
        assert_eq!(shown(vec![say(&"word ".repeat(1000), Language::En)]).matches("<Say").count(), 2);
    }

    #[test]
    fn nothing_to_do_is_an_empty_document() {
        insta::assert_snapshot!(shown(Vec::new()), @r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#);
    }
}
