//! What the call to an enduser says, in each language (R6, R18, R32, R48).
//!
//! Only words: what follows from what was heard is [`enduser_call`](super::enduser_call)'s. The code is spoken digit by digit, with commas,
//! so that a synthetic voice pauses. A machine hears reference and call-back number and nothing else; nobody hears anything about the tip.

use super::enduser_call::{Facts, Phase, SpokenCode};
use super::script::{Script, Step};
use crate::conversation::reference::say as digit_word;
use crate::dispatch::words::{filled, is_urgent};
use crate::exchange::StepToken;
use crate::language::Language;

/// Seconds that a person has to key the code after it was spoken.
const WAIT_SECONDS: u8 = 8;
/// Seconds that a machine which still speaks is given to end its greeting; a script's pause is at most ten.
const GREETING_SECONDS: u8 = 10;

/// What is said when the call has come to this phase. `greeting` is true when a machine still speaks.
pub(super) fn script(phase: Phase, greeting: bool, facts: &Facts<'_>, then: StepToken) -> Script {
    let steps = match phase {
        Phase::Dialled | Phase::Over => vec![Step::HangUp],
        Phase::Asking { tries } => {
            let mut prompt = vec![speak(PROMPT, facts), Step::Pause { seconds: 1 }, speak(PROMPT, facts)];
            if tries > 0 {
                prompt.insert(0, speak(NOT_HEARD, facts));
            }
            vec![Step::Ask { prompt, digits: 2, wait_seconds: WAIT_SECONDS, then }]
        }
        Phase::Voicemail => {
            let seconds = if greeting { GREETING_SECONDS } else { 1 };
            let twice = [speak(VOICEMAIL, facts), Step::Pause { seconds: 1 }, speak(VOICEMAIL, facts)];
            [Step::Pause { seconds }].into_iter().chain(twice).chain([Step::Continue { then }]).collect()
        }
        Phase::Confirmed => vec![speak(THANKS, facts), Step::HangUp],
    };
    Script { steps }
}

/// What is said when the code was asked for [`MOST_TRIES`](super::enduser_call::MOST_TRIES) times in vain.
pub(super) fn gave_up(facts: &Facts<'_>) -> Script {
    Script { steps: vec![speak(AGAIN_LATER, facts), Step::HangUp] }
}

/// One sentence in English, Spanish and Arabic.
pub(super) type Phrase = [&'static str; 3];

const PROMPT: Phrase = [
    "This is {line} with {report} for {organization}. This is not a recording for everyone: to confirm that you have received it, press {code}.",
    "Le habla {line} con {report} para {organization}. Esta no es una grabación para todos: para confirmar que lo ha recibido, marque {code}.",
    "هنا {line}، لدينا {report} إلى {organization}. هذا ليس تسجيلًا للجميع: لتأكيد الاستلام اضغط {code}.",
];
const NOT_HEARD: Phrase = ["We did not get the code.", "No hemos recibido la clave.", "لم نستلم الرمز."];
const THANKS: Phrase = [
    "Thank you. It is confirmed. The reference is {reference}. Please see your mail, or call us at {call_back}.",
    "Gracias. Queda confirmado. La referencia es {reference}. Vea su correo o llámenos al {call_back}.",
    "شكرًا لك. تم التأكيد. المرجع هو {reference}. انظر بريدك أو اتصل بنا على الرقم {call_back}.",
];
const VOICEMAIL: Phrase = [
    "This is {line} with {report} for {organization}. Please call {call_back}. The reference is {reference}.",
    "Le habla {line} con {report} para {organization}. Llame al {call_back}. La referencia es {reference}.",
    "هنا {line}، لدينا {report} إلى {organization}. يرجى الاتصال بالرقم {call_back}. المرجع هو {reference}.",
];
const AGAIN_LATER: Phrase =
    ["It is not confirmed. We will call again.", "No queda confirmado. Volveremos a llamar.", "لم يتم التأكيد. سنتصل مرة أخرى."];
const URGENT: Phrase = ["an urgent report", "un aviso urgente", "بلاغ عاجل"];
const PLAIN: Phrase = ["a report", "un aviso", "بلاغ"];

fn speak(phrase: Phrase, facts: &Facts<'_>) -> Step {
    let language = facts.language;
    let places = [
        ("{line}", facts.voice.line_name.as_str()),
        ("{report}", of(if is_urgent(facts.level) { URGENT } else { PLAIN }, language)),
        ("{organization}", facts.organization_name),
        ("{code}", &spoken_code(facts.code, language)),
        ("{reference}", &facts.reference.spoken_in(language)),
        ("{call_back}", facts.voice.call_back.as_str()),
    ];
    Step::Say { words: filled(of(phrase, language), &places), language }
}

pub(super) fn of(phrase: Phrase, language: Language) -> &'static str {
    let [english, spanish, arabic] = phrase;
    match language {
        Language::En => english,
        Language::Es => spanish,
        Language::Ar => arabic,
    }
}

/// "four, seven".
fn spoken_code(code: SpokenCode, language: Language) -> String {
    code.digits().chars().map(|digit| digit_word(digit, language)).collect::<Vec<_>>().join(if language == Language::Ar {
        "، "
    } else {
        ", "
    })
}
