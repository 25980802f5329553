//! Every text that the program sends by itself, counted as carriers count: two segments at most, in every language (R67, R71).
//!
//! The domain holds its texts to a count of its own; this is the other count, made from the carrier's side.

use super::{Encoding, Segments};
use domain::channel::Channel;
use domain::conversation::automatic::{Automatic, LONGEST_NAME, LONGEST_SITE, automatic};
use domain::conversation::code::ReturnCode;
use domain::conversation::first_words::{first_words, with_code};
use domain::conversation::reference::Reference;
use domain::dispatch::purpose::Purpose;
use domain::dispatch::words::{TextFacts, text};
use domain::language::Language;
use domain::level::Level;
use domain::sealed::Words;

/// The most segments that an automatic text may take.
const MOST: usize = 2;

fn fits(what: &str, language: Language, words: &Words) {
    let words = with_code(words, &ReturnCode::from_bits([0xA5; 8]));
    let count = Segments::of(words.reveal());
    assert!(count.segments <= MOST, "{what} in {language:?}: {count:?}");
    let plain = matches!(language, Language::En | Language::Es);
    assert_eq!(count.encoding == Encoding::Gsm7, plain, "{what} in {language:?} is written as {:?}", count.encoding);
}

#[test]
fn first_words_and_answers_to_keywords_fit() {
    let line_name = "N".repeat(LONGEST_NAME);
    let site = format!("https://{}", "s".repeat(LONGEST_SITE - "https://".len()));
    for language in Language::ALL {
        let knows = crate::twilio::knows::knows(Channel::Text);
        fits("the first words", language, &first_words(knows, Channel::Text, language));
        for kind in Automatic::ALL {
            fits(&format!("{kind:?}"), language, &automatic(kind, knows, language, &line_name, &site));
        }
    }
}

#[test]
fn what_an_enduser_is_texted_fits() {
    let reference = Reference::from_bits([0xA5; 4]);
    for language in Language::ALL {
        for level in Level::ALL {
            let words = text(TextFacts {
                line_name: "Safe2Help Illinois",
                organization_name: "Bravo Middle School",
                reference: &reference,
                level,
                purpose: Purpose::Tip,
                code: "4821",
                call_back: "+15555550100",
                language,
            });
            fits(&format!("{level:?}"), language, &words);
        }
    }
}
