//! What the call to an enduser says, in each language (R6, R18, R32, R48).
//!
//! Only words: what follows from what was heard is [`enduser_call`](super::enduser_call)'s. The code is spoken digit by digit, with commas,
//! so that a synthetic voice pauses. A machine hears reference and call-back number and nothing else; nobody hears anything about the tip
//! but who has confirmed and keyed their PIN. A drill says "This is a test" first and last, whatever else is said.

use super::enduser_call::{Facts, LastWords, MOST_PIN_DIGITS, Phase, PinState, SpokenCode};
use super::script::{Script, Step};
use crate::conversation::reference::say as digit_word;
use crate::dispatch::purpose::{PageReason, Purpose};
use crate::dispatch::words::{filled, is_urgent};
use crate::exchange::StepToken;
use crate::language::Language;
use crate::sealed::Words;

/// Seconds that a person has to key the code after it was spoken.
const WAIT_SECONDS: u8 = 8;
/// Seconds that a machine which still speaks is given to end its greeting; a script's pause is at most ten.
const GREETING_SECONDS: u8 = 10;

/// What is said when the call has come to this phase. `greeting` is true when a machine still speaks.
pub(super) fn script(phase: Phase, greeting: bool, facts: &Facts<'_>, then: StepToken) -> Script {
    let steps = match phase {
        Phase::Dialled | Phase::Over => vec![Step::HangUp],
        // A machine that was recognised late hears the rest of what it is told, then its voicemail.
        Phase::Machine { tries } | Phase::Asking { tries } => vec![asking(tries, facts, then)],
        Phase::Voicemail => {
            let seconds = if greeting { GREETING_SECONDS } else { 1 };
            let words = voicemail_words(facts.purpose);
            let twice = [speak(words, facts), Step::Pause { seconds: 1 }, speak(words, facts)];
            [Step::Pause { seconds }].into_iter().chain(twice).chain([Step::Continue { then }]).collect()
        }
        Phase::Pin { tries } => {
            let wrong = (tries > 0).then(|| speak(PIN_WRONG, facts));
            vec![ask_pin(wrong.into_iter().chain([speak(KEY_PIN, facts)]).collect(), then)]
        }
        Phase::Content { tries } => {
            let first = speak(if tries == 0 { CONFIRMED } else { PIN_WRONG }, facts);
            vec![ask_pin(vec![first, speak(KEY_PIN_TO_HEAR, facts)], then)]
        }
        Phase::Confirmed { last } => last_words(last, facts),
        Phase::NotMe => vec![speak(SORRY, facts), Step::HangUp],
    };
    Script { steps: marked(steps, facts) }
}

/// What is said when the code or the PIN was asked for [`MOST_TRIES`](super::enduser_call::MOST_TRIES) times in vain.
pub(super) fn gave_up(facts: &Facts<'_>) -> Script {
    Script { steps: marked(vec![speak(AGAIN_LATER, facts), Step::HangUp], facts) }
}

fn asking(tries: u8, facts: &Facts<'_>, then: StepToken) -> Step {
    let words = prompt_words(facts.purpose);
    let mut prompt = vec![speak(words, facts), Step::Pause { seconds: 1 }, speak(words, facts), speak(IF_NOT_YOU, facts)];
    match facts.pin {
        PinState::None => {}
        PinState::Kept | PinState::Right | PinState::Wrong => prompt.push(speak(USE_PIN, facts)),
    }
    if tries > 0 {
        prompt.insert(0, speak(NOT_HEARD, facts));
    }
    Step::Ask { prompt, digits: 2, finish_on_hash: false, wait_seconds: WAIT_SECONDS, then }
}

fn ask_pin(prompt: Vec<Step>, then: StepToken) -> Step {
    Step::Ask { prompt, digits: MOST_PIN_DIGITS, finish_on_hash: true, wait_seconds: WAIT_SECONDS, then }
}

fn last_words(last: LastWords, facts: &Facts<'_>) -> Vec<Step> {
    let thanks = match facts.purpose {
        Purpose::Tip | Purpose::Update | Purpose::Feedback => THANKS,
        Purpose::Page(_) => THANKS_PAGE,
        Purpose::Drill => THANKS_DRILL,
    };
    let mut steps = match (last, facts.summary) {
        (LastWords::Thanks, _) => vec![speak(thanks, facts)],
        (LastWords::Report, Some(summary)) => report(summary, facts),
        (LastWords::Report, None) | (LastWords::LogIn, _) => vec![speak(CONFIRMED, facts), speak(LOG_IN, facts)],
    };
    steps.push(Step::HangUp);
    steps
}

/// The summary, in whatever language it was written; the voice is the listener's.
fn report(summary: &Words, facts: &Facts<'_>) -> Vec<Step> {
    let words = Step::Say { words: summary.reveal().to_owned(), language: facts.language };
    vec![speak(REPORT_FOLLOWS, facts), Step::Pause { seconds: 1 }, words, Step::Pause { seconds: 1 }, speak(END_OF_REPORT, facts)]
}

/// A drill's words between two sentences that say so.
fn marked(mut steps: Vec<Step>, facts: &Facts<'_>) -> Vec<Step> {
    if facts.purpose != Purpose::Drill {
        return steps;
    }
    if let Some(Step::Ask { prompt, .. }) = steps.first_mut() {
        prompt.insert(0, speak(TEST, facts));
        prompt.push(speak(TEST, facts));
        return steps;
    }
    let says = |step: &Step| matches!(step, Step::Say { .. });
    if let (Some(first), Some(last)) = (steps.iter().position(says), steps.iter().rposition(says)) {
        steps.insert(last + 1, speak(TEST, facts));
        steps.insert(first, speak(TEST, facts));
    }
    steps
}

fn prompt_words(purpose: Purpose) -> Phrase {
    match purpose {
        Purpose::Tip | Purpose::Update | Purpose::Feedback => PROMPT,
        Purpose::Page(_) => PROMPT_PAGE,
        Purpose::Drill => PROMPT_DRILL,
    }
}

fn voicemail_words(purpose: Purpose) -> Phrase {
    match purpose {
        Purpose::Tip | Purpose::Update | Purpose::Feedback => VOICEMAIL,
        Purpose::Page(_) => VOICEMAIL_PAGE,
        Purpose::Drill => VOICEMAIL_DRILL,
    }
}

/// What there is, in a few words that say nothing about the tip. A page is a whole sentence.
fn report_words(facts: &Facts<'_>) -> Phrase {
    match facts.purpose {
        Purpose::Tip if is_urgent(facts.level) => URGENT,
        Purpose::Tip | Purpose::Drill => PLAIN,
        Purpose::Update => NEWS,
        Purpose::Feedback => QUESTION,
        Purpose::Page(PageReason::Unsorted) => PAGE_UNSORTED,
        Purpose::Page(PageReason::NotDispatched) => PAGE_NOT_DISPATCHED,
        Purpose::Page(PageReason::InDanger) => PAGE_IN_DANGER,
        Purpose::Page(PageReason::FollowUp) => PAGE_FOLLOW_UP,
    }
}

/// One sentence in English, Spanish and Arabic.
pub(super) type Phrase = [&'static str; 3];

const PROMPT: Phrase = [
    "This is {line} with {report} for {organization}. This is not a recording for everyone: to confirm that you have received it, press {code}.",
    "Le habla {line} con {report} para {organization}. Esta no es una grabación para todos: para confirmar que lo ha recibido, marque {code}.",
    "هنا {line}، لدينا {report} إلى {organization}. هذا ليس تسجيلًا للجميع: لتأكيد الاستلام اضغط {code}.",
];
const PROMPT_PAGE: Phrase = [
    "This is {line}, for a supervisor. {report}. To confirm that you take it on, press {code}.",
    "Le habla {line}, para un supervisor. {report}. Para confirmar que se hace cargo, marque {code}.",
    "هنا {line}، إلى مشرف. {report}. لتأكيد أنك تتولى الأمر اضغط {code}.",
];
const PROMPT_DRILL: Phrase = [
    "This is {line} with a test call for {organization}. Nothing has happened. To confirm that this number works, press {code}.",
    "Le habla {line} con una llamada de prueba para {organization}. No ha pasado nada. Para confirmar que este número funciona, marque {code}.",
    "هنا {line}، هذه مكالمة تجريبية إلى {organization}. لم يحدث شيء. لتأكيد أن هذا الرقم يعمل اضغط {code}.",
];
pub(super) const TEST: Phrase = ["This is a test.", "Esto es una prueba.", "هذا اختبار."];
const IF_NOT_YOU: Phrase = [
    "If you do not belong there, press nine.",
    "Si usted no pertenece a esa institución, marque nueve.",
    "إذا كنت لا تنتمي إلى هذه الجهة فاضغط تسعة.",
];
const USE_PIN: Phrase =
    ["To use your PIN instead, press zero.", "Para usar su PIN, marque cero.", "لاستخدام رقمك السري بدلًا من ذلك اضغط صفر."];
const NOT_HEARD: Phrase = ["We did not get the code.", "No hemos recibido la clave.", "لم نستلم الرمز."];
const KEY_PIN: Phrase = [
    "To confirm, key your PIN, then the pound key.",
    "Para confirmar, marque su PIN y después la tecla de número.",
    "للتأكيد اضغط أرقام رقمك السري ثم مفتاح المربع.",
];
const KEY_PIN_TO_HEAR: Phrase = [
    "To hear the report, key your PIN, then the pound key.",
    "Para oír el aviso, marque su PIN y después la tecla de número.",
    "لسماع البلاغ اضغط أرقام رقمك السري ثم مفتاح المربع.",
];
const PIN_WRONG: Phrase = ["We did not get your PIN.", "No hemos recibido su PIN.", "لم نستلم رقمك السري."];
const CONFIRMED: Phrase = [
    "Thank you. It is confirmed. The reference is {reference}.",
    "Gracias. Queda confirmado. La referencia es {reference}.",
    "شكرًا لك. تم التأكيد. المرجع هو {reference}.",
];
const REPORT_FOLLOWS: Phrase =
    ["This is the report for {organization}.", "Este es el aviso para {organization}.", "هذا هو البلاغ إلى {organization}."];
const END_OF_REPORT: Phrase = [
    "That was the report. The reference is {reference}. With questions, call us at {call_back}.",
    "Este fue el aviso. La referencia es {reference}. Si tiene preguntas, llámenos al {call_back}.",
    "انتهى البلاغ. المرجع هو {reference}. للأسئلة اتصل بنا على الرقم {call_back}.",
];
const LOG_IN: Phrase = [
    "To read the report, please log in, or call us at {call_back}.",
    "Para leer el aviso, inicie sesión o llámenos al {call_back}.",
    "لقراءة البلاغ سجل الدخول أو اتصل بنا على الرقم {call_back}.",
];
const THANKS: Phrase = [
    "Thank you. It is confirmed. The reference is {reference}. Please see your mail, or call us at {call_back}.",
    "Gracias. Queda confirmado. La referencia es {reference}. Vea su correo o llámenos al {call_back}.",
    "شكرًا لك. تم التأكيد. المرجع هو {reference}. انظر بريدك أو اتصل بنا على الرقم {call_back}.",
];
const THANKS_PAGE: Phrase = [
    "Thank you. It is confirmed. The reference is {reference}. Please open the console now.",
    "Gracias. Queda confirmado. La referencia es {reference}. Abra ahora la consola.",
    "شكرًا لك. تم التأكيد. المرجع هو {reference}. افتح لوحة العمل الآن من فضلك.",
];
const THANKS_DRILL: Phrase = [
    "Thank you. This number works. There is nothing else to do.",
    "Gracias. Este número funciona. No hay nada más que hacer.",
    "شكرًا لك. هذا الرقم يعمل. لا يلزم فعل أي شيء آخر.",
];
const VOICEMAIL: Phrase = [
    "This is {line} with {report} for {organization}. Please call {call_back}. The reference is {reference}.",
    "Le habla {line} con {report} para {organization}. Llame al {call_back}. La referencia es {reference}.",
    "هنا {line}، لدينا {report} إلى {organization}. يرجى الاتصال بالرقم {call_back}. المرجع هو {reference}.",
];
const VOICEMAIL_PAGE: Phrase = [
    "This is {line}, for a supervisor. {report}. Please open the console, or call {call_back}. The reference is {reference}.",
    "Le habla {line}, para un supervisor. {report}. Abra la consola o llame al {call_back}. La referencia es {reference}.",
    "هنا {line}، إلى مشرف. {report}. افتح لوحة العمل أو اتصل بالرقم {call_back}. المرجع هو {reference}.",
];
const VOICEMAIL_DRILL: Phrase = [
    "This is {line} with a test call for {organization}. Nothing has happened. To confirm, call {call_back}. The reference is {reference}.",
    "Le habla {line} con una llamada de prueba para {organization}. No ha pasado nada. Para confirmar, llame al {call_back}. La referencia es {reference}.",
    "هنا {line}، هذه مكالمة تجريبية إلى {organization}. لم يحدث شيء. للتأكيد اتصل بالرقم {call_back}. المرجع هو {reference}.",
];
const SORRY: Phrase =
    ["Thank you. We will put the number right. Goodbye.", "Gracias. Corregiremos el número. Adiós.", "شكرًا لك. سنصحح الرقم. إلى اللقاء."];
const AGAIN_LATER: Phrase =
    ["It is not confirmed. We will call again.", "No queda confirmado. Volveremos a llamar.", "لم يتم التأكيد. سنتصل مرة أخرى."];
const URGENT: Phrase = ["an urgent report", "un aviso urgente", "بلاغ عاجل"];
const PLAIN: Phrase = ["a report", "un aviso", "بلاغ"];
const NEWS: Phrase = ["news about a report", "novedades sobre un aviso", "خبر جديد عن بلاغ"];
const QUESTION: Phrase = ["a question about a report", "una pregunta sobre un aviso", "سؤال عن بلاغ"];
const PAGE_UNSORTED: Phrase =
    ["There is a report that nobody has sorted yet", "Hay un aviso que nadie ha clasificado todavía", "هناك بلاغ لم يصنفه أحد بعد"];
const PAGE_NOT_DISPATCHED: Phrase = [
    "There is an urgent report that nobody has passed on yet",
    "Hay un aviso urgente que nadie ha transmitido todavía",
    "هناك بلاغ عاجل لم يرسله أحد بعد",
];
const PAGE_IN_DANGER: Phrase = [
    "There is a report that may not reach everybody in time",
    "Hay un aviso que quizá no llegue a todos a tiempo",
    "هناك بلاغ قد لا يصل إلى الجميع في الوقت المناسب",
];
const PAGE_FOLLOW_UP: Phrase = [
    "The follow-up call to police was not noted in time",
    "La llamada de seguimiento a la policía no se anotó a tiempo",
    "لم تُسجل مكالمة المتابعة مع الشرطة في الوقت المحدد",
];

fn speak(phrase: Phrase, facts: &Facts<'_>) -> Step {
    let language = facts.language;
    let places = [
        ("{line}", facts.voice.line_name.as_str()),
        ("{report}", of(report_words(facts), language)),
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
