//! What an enduser hears who calls us back, in each language (R32, R48).
//!
//! Only words; their order is [`call_back`](super::call_back)'s. Before reference and PIN were right nothing of a tip is said, not even that
//! there is one. A drill says "This is a test" first and last.

use super::call_back::{About, CallBack, CallBackFacts, Farewell, GoingOn, Lead, REFERENCE_DIGITS};
use super::enduser_call::MOST_PIN_DIGITS;
use super::phrases::{Phrase, TEST, of};
use super::script::{Script, Step};
use crate::dispatch::purpose::Purpose;
use crate::dispatch::words::filled;
use crate::exchange::StepToken;
use crate::language::Language;

/// Seconds that somebody has to press a key after the words.
const WAIT_SECONDS: u8 = 8;
/// Seconds between two keys of a reference or PIN, for one who looks for letters on a keypad.
const KEYING_SECONDS: u8 = 10;

/// What is said when the call has come to this state.
pub(super) fn script(call: &CallBack, facts: &CallBackFacts<'_>, then: StepToken) -> Script {
    let voice = Speaker { language: call.language, facts };
    let steps = match &call.going_on {
        GoingOn::Greeting => {
            let prompt = Language::ALL.map(|language| voice.say_in(GREETING, language)).to_vec();
            vec![ask(prompt, 1, false, WAIT_SECONDS, then)]
        }
        GoingOn::Reference { lead, .. } => {
            let lead = match lead {
                Lead::None => None,
                Lead::TooShort => Some(voice.say(TOO_SHORT)),
                Lead::NoMatch => Some(voice.say(NO_MATCH)),
            };
            let prompt = lead.into_iter().chain([voice.say(KEY_REFERENCE)]).collect();
            vec![ask(prompt, REFERENCE_DIGITS, false, KEYING_SECONDS, then)]
        }
        GoingOn::Pin { .. } => vec![ask(vec![voice.say(KEY_PIN)], MOST_PIN_DIGITS, true, KEYING_SECONDS, then)],
        GoingOn::Confirm { .. } => vec![ask(voice.marked(vec![voice.say(voice.offer())]), 1, false, WAIT_SECONDS, then)],
        GoingOn::Report { .. } => vec![ask(voice.marked(voice.report()), 1, false, WAIT_SECONDS, then)],
        GoingOn::Over { farewell, .. } => voice.farewell(*farewell),
    };
    Script { steps }
}

/// In every language: nothing can be looked up.
pub(super) fn away(facts: &CallBackFacts<'_>) -> Script {
    let say = |language: &Language| Speaker { language: *language, facts }.away();
    Script { steps: Language::ALL.iter().flat_map(say).chain([Step::HangUp]).collect() }
}

struct Speaker<'a> {
    language: Language,
    facts: &'a CallBackFacts<'a>,
}

impl Speaker<'_> {
    fn say(&self, phrase: Phrase) -> Step {
        self.say_in(phrase, self.language)
    }

    fn say_in(&self, phrase: Phrase, language: Language) -> Step {
        let about = self.facts.about;
        let places = [
            ("{line}", self.facts.voice.line_name.as_str()),
            ("{call_back}", self.facts.voice.call_back.as_str()),
            ("{desk}", self.facts.desk.unwrap_or_default()),
            ("{organization}", about.map_or("", |about| about.organization_name)),
            ("{reference}", &about.map_or_else(String::new, |about| about.reference.spoken_in(language))),
        ];
        Step::Say { words: filled(of(phrase, language), &places), language }
    }

    fn offer(&self) -> Phrase {
        match self.facts.about.map(|about| about.purpose) {
            Some(Purpose::Page(_)) => OFFER_PAGE,
            Some(Purpose::Drill) => OFFER_DRILL,
            Some(Purpose::Tip | Purpose::Update | Purpose::Feedback) | None => OFFER,
        }
    }

    /// The summary, in whatever language it was written; the voice is the caller's.
    fn report(&self) -> Vec<Step> {
        let mut steps = vec![self.say(CONFIRMED)];
        if let Some(About { summary: Some(summary), .. }) = self.facts.about {
            let words = Step::Say { words: summary.reveal().to_owned(), language: self.language };
            steps.extend([self.say(REPORT_FOLLOWS), Step::Pause { seconds: 1 }, words, Step::Pause { seconds: 1 }]);
        }
        steps.push(self.say(HEAR_AGAIN));
        steps
    }

    fn farewell(&self, farewell: Farewell) -> Vec<Step> {
        let mut steps = match farewell {
            Farewell::Confirmed => self.marked(vec![self.say(CONFIRMED), self.say(self.where_to())]),
            Farewell::Heard => self.marked(vec![self.say(GOODBYE)]),
            Farewell::NotConfirmed => self.marked(vec![self.say(NOT_CONFIRMED)]),
            Farewell::NotYet => self.marked(vec![self.say(NOT_YET)]),
            Farewell::NoMatch => vec![self.say(NO_MATCH), self.say(OTHER_WAYS), self.say(GOODBYE)],
            Farewell::Away => self.away(),
        };
        steps.push(Step::HangUp);
        steps
    }

    fn where_to(&self) -> Phrase {
        match self.facts.about.map(|about| about.purpose) {
            Some(Purpose::Page(_)) => OPEN_CONSOLE,
            Some(Purpose::Drill) => NOTHING_TO_DO,
            Some(Purpose::Tip | Purpose::Update | Purpose::Feedback) | None => LOG_IN,
        }
    }

    fn away(&self) -> Vec<Step> {
        let desk = self.facts.desk.map(|_| self.say(CALL_DESK));
        [self.say(AWAY)].into_iter().chain(desk).collect()
    }

    /// A drill's words between two sentences that say so.
    fn marked(&self, mut steps: Vec<Step>) -> Vec<Step> {
        if self.facts.about.is_some_and(|about| about.purpose == Purpose::Drill) {
            steps.insert(0, self.say(TEST));
            steps.push(self.say(TEST));
        }
        steps
    }
}

fn ask(prompt: Vec<Step>, digits: u8, finish_on_hash: bool, wait_seconds: u8, then: StepToken) -> Step {
    Step::Ask { prompt, digits, finish_on_hash, wait_seconds, then }
}

const GREETING: Phrase = [
    "This is {line}, for schools and agencies that call back. For English, press one.",
    "Esta es {line}, para escuelas y agencias que devuelven la llamada. Para español, marque dos.",
    "هنا {line}، للمدارس والجهات التي تعاود الاتصال. للعربية اضغط ثلاثة.",
];
const KEY_REFERENCE: Phrase = [
    "Please key the six characters of the reference that follow the T. For a letter, press the key that it stands on. To hear this again, press star.",
    "Marque los seis caracteres de la referencia que siguen a la T. Para una letra, marque la tecla en la que está. Para oír esto otra vez, marque asterisco.",
    "اضغط الخانات الست التي تلي حرف T في المرجع. للحرف اضغط المفتاح الذي يحمله. لسماع هذا مرة أخرى اضغط النجمة.",
];
const TOO_SHORT: Phrase = ["These were not six keys.", "No fueron seis teclas.", "لم تكن ستة مفاتيح."];
const KEY_PIN: Phrase =
    ["Please key your PIN, then the pound key.", "Marque su PIN y después la tecla de número.", "اضغط أرقام رقمك السري ثم مفتاح المربع."];
const NO_MATCH: Phrase =
    ["Reference and PIN do not fit together.", "La referencia y el PIN no coinciden.", "المرجع والرقم السري غير متطابقين."];
const OTHER_WAYS: Phrase = [
    "You can also confirm on the page that our mail leads to. If it is not confirmed, we will call you again.",
    "También puede confirmar en la página a la que lleva nuestro correo. Si no queda confirmado, volveremos a llamarle.",
    "يمكنك أيضًا التأكيد في الصفحة التي يقود إليها بريدنا. إذا لم يتم التأكيد فسنتصل بك مرة أخرى.",
];
const OFFER: Phrase = [
    "There is a report for {organization}. The reference is {reference}. To confirm that you have received it, press one.",
    "Hay un aviso para {organization}. La referencia es {reference}. Para confirmar que lo ha recibido, marque uno.",
    "هناك بلاغ إلى {organization}. المرجع هو {reference}. لتأكيد الاستلام اضغط واحد.",
];
const OFFER_PAGE: Phrase = [
    "A supervisor is needed for a report. The reference is {reference}. To confirm that you take it on, press one.",
    "Se necesita un supervisor para un aviso. La referencia es {reference}. Para confirmar que se hace cargo, marque uno.",
    "هناك بلاغ يحتاج إلى مشرف. المرجع هو {reference}. لتأكيد أنك تتولى الأمر اضغط واحد.",
];
const OFFER_DRILL: Phrase = [
    "There was a test call for {organization}. To confirm that you got it, press one.",
    "Hubo una llamada de prueba para {organization}. Para confirmar que la recibió, marque uno.",
    "كانت هناك مكالمة تجريبية إلى {organization}. لتأكيد أنها وصلتك اضغط واحد.",
];
const CONFIRMED: Phrase = ["Thank you. It is confirmed.", "Gracias. Queda confirmado.", "شكرًا لك. تم التأكيد."];
const REPORT_FOLLOWS: Phrase =
    ["This is the report for {organization}.", "Este es el aviso para {organization}.", "هذا هو البلاغ إلى {organization}."];
const HEAR_AGAIN: Phrase = [
    "To hear it again, press one. To end, hang up.",
    "Para oírlo otra vez, marque uno. Para terminar, cuelgue.",
    "لسماعه مرة أخرى اضغط واحد. للإنهاء أغلق الخط.",
];
const LOG_IN: Phrase = [
    "To read the report, please see your mail and log in.",
    "Para leer el aviso, vea su correo e inicie sesión.",
    "لقراءة البلاغ انظر بريدك وسجل الدخول.",
];
const OPEN_CONSOLE: Phrase = ["Please open the console now.", "Abra ahora la consola.", "افتح لوحة العمل الآن من فضلك."];
const NOTHING_TO_DO: Phrase = ["There is nothing else to do.", "No hay nada más que hacer.", "لا يلزم فعل أي شيء آخر."];
const NOT_CONFIRMED: Phrase =
    ["It is not confirmed. We will call you again.", "No queda confirmado. Volveremos a llamarle.", "لم يتم التأكيد. سنتصل بك مرة أخرى."];
const NOT_YET: Phrase = [
    "There is a report for {organization}. We are about to call you. Please stay near your phone.",
    "Hay un aviso para {organization}. Estamos a punto de llamarle. Quédese cerca del teléfono.",
    "هناك بلاغ إلى {organization}. نحن على وشك الاتصال بك. ابقَ قرب هاتفك من فضلك.",
];
const GOODBYE: Phrase = ["Thank you for calling. Goodbye.", "Gracias por llamar. Adiós.", "شكرًا لاتصالك. إلى اللقاء."];
const AWAY: Phrase = [
    "This is {line}. Nothing can be looked up just now. Please call again in a few minutes. If it is not confirmed, we will call you again.",
    "Esta es {line}. Ahora no se puede consultar nada. Llame otra vez dentro de unos minutos. Si no queda confirmado, volveremos a llamarle.",
    "هنا {line}. لا يمكن البحث عن شيء الآن. اتصل مرة أخرى بعد بضع دقائق من فضلك. إذا لم يتم التأكيد فسنتصل بك مرة أخرى.",
];
const CALL_DESK: Phrase = [
    "Or call our desk at {desk}, at any hour.",
    "O llame a nuestra mesa al {desk}, a cualquier hora.",
    "أو اتصل بمكتبنا على الرقم {desk} في أي وقت.",
];
