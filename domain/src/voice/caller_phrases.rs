//! What a reporter's call says, in each language (R48, R67, R70).
//!
//! Only words; their order is [`caller_call`](super::caller_call)'s. The notice and the answers stand before the question, so that no key
//! cuts them short; everything else may be answered at once. Codes and emergency numbers are spoken digit by digit, in groups with rests.

use super::caller_call::{
    AnswersLead, CODE_DIGITS, CallerCall, CallerFacts, CallerPhase, Checked, Farewell, MOST_SECONDS, MenuLead, RING_SECONDS, RecordingLead,
    SILENCE_SECONDS, TellingLead,
};
use super::phrases::{Phrase, of};
use super::script::{Script, Step};
use crate::conversation::code::ReturnCode;
use crate::conversation::first_words::spoken_notice;
use crate::conversation::knows::Knows;
use crate::dispatch::words::filled;
use crate::exchange::StepToken;
use crate::language::Language;

/// Seconds that somebody has to press a key after the words.
const WAIT_SECONDS: u8 = 6;
/// Seconds between two digits of a code, for one who reads them from a slip of paper.
const CODE_WAIT_SECONDS: u8 = 10;

/// What is said when the call has come to this state.
pub(super) fn script(call: &CallerCall, facts: &CallerFacts<'_>, then: StepToken) -> Script {
    let voice = Speaker { language: call.language, facts };
    let steps = match call.phase {
        CallerPhase::Greeting { tries } => vec![ask(voice.greeting(tries), 1, WAIT_SECONDS, then)],
        CallerPhase::Menu { lead, .. } => voice.menu(lead, then),
        CallerPhase::Recording { lead } => voice.recording(lead, then),
        CallerPhase::Telling { times, lead } => vec![ask(voice.telling(times, lead), 1, WAIT_SECONDS, then)],
        CallerPhase::Code { tries } => {
            let words = if tries == 0 { KEY_YOUR_CODE } else { CODE_NOT_FOUND };
            vec![ask(vec![voice.say(words)], CODE_DIGITS, CODE_WAIT_SECONDS, then)]
        }
        CallerPhase::Answers { lead, .. } => voice.answers(lead, then),
        CallerPhase::Connecting => voice.dial(CONNECTING, facts.desk, then),
        CallerPhase::Hotline => voice.dial(DIRECTING, facts.hotline.map(|(number, _)| number), then),
        CallerPhase::Over { farewell } => voice.farewell(farewell),
    };
    Script { steps }
}

struct Speaker<'a> {
    language: Language,
    facts: &'a CallerFacts<'a>,
}

impl Speaker<'_> {
    fn say(&self, phrase: Phrase) -> Step {
        self.say_in(phrase, self.language)
    }

    fn say_in(&self, phrase: Phrase, language: Language) -> Step {
        let schools = self.facts.hotline.map_or("", |(_, schools)| schools);
        let places = [("{line}", self.facts.line_name), ("{schools}", schools), ("{site}", &spoken_site(self.facts.site, language))];
        Step::Say { words: filled(of(phrase, language), &places), language }
    }

    fn greeting(&self, tries: u8) -> Vec<Step> {
        let again = (tries > 0).then(|| self.say_in(WRONG_KEY, Language::En));
        again.into_iter().chain(Language::ALL.map(|language| self.say_in(GREETING, language))).collect()
    }

    /// What is kept and who could learn it, generated from what is declared of calls (R67).
    fn notice(&self, language: Language) -> Vec<Step> {
        let machine = (language == Language::En).then(|| self.say_in(MACHINE, language));
        [Step::Say { words: spoken_notice(Knows::PHONE, language), language }].into_iter().chain(machine).collect()
    }

    fn away(&self, language: Language) -> Vec<Step> {
        [vec![self.say_in(AWAY, language)], self.notice(language), vec![self.say_in(SPEAK, language)]].concat()
    }

    fn menu(&self, lead: MenuLead, then: StepToken) -> Vec<Step> {
        let mut before = match lead {
            MenuLead::Notice => self.notice(self.language),
            MenuLead::Silence => Vec::new(),
            MenuLead::WrongKey => vec![self.say(WRONG_KEY)],
            MenuLead::NoCode => vec![self.say(WITHOUT_CODE)],
        };
        let desk = self.facts.desk.map(|_| self.say(CHOOSE_DESK));
        let hotline = self.facts.hotline.map(|_| self.say(CHOOSE_HOTLINE));
        let call_back = (self.facts.call_back && lead == MenuLead::Notice).then(|| self.say(CHOOSE_CALL_BACK));
        let choices = [Some(self.say(CHOOSE_MESSAGE)), desk, Some(self.say(CHOOSE_CODE)), hotline, call_back];
        before.push(ask(choices.into_iter().flatten().collect(), 1, WAIT_SECONDS, then));
        before
    }

    fn recording(&self, lead: RecordingLead, then: StepToken) -> Vec<Step> {
        let mut steps = match lead {
            RecordingLead::Chosen => vec![self.say(SPEAK)],
            RecordingLead::NoKey => vec![self.say(NO_KEY), self.say(SPEAK)],
            RecordingLead::NobodyAnswered => vec![self.say(NOBODY_ANSWERED), self.say(SPEAK)],
            RecordingLead::NothingHeard => vec![self.say(NOTHING_HEARD), self.say(SPEAK)],
            RecordingLead::Reply => vec![self.say(SPEAK_REPLY)],
            RecordingLead::Away => Language::ALL.iter().flat_map(|language| self.away(*language)).collect(),
        };
        steps.push(Step::Record { most_seconds: MOST_SECONDS, silence_seconds: SILENCE_SECONDS, language: self.language, then });
        steps
    }

    fn telling(&self, times: u8, lead: TellingLead) -> Vec<Step> {
        let lead = match lead {
            TellingLead::Recorded => MESSAGE_KEPT,
            TellingLead::Waited => THANKS,
        };
        let mut steps = if times == 1 { vec![self.say(lead), self.say(WRITE_IT_DOWN)] } else { Vec::new() };
        steps.push(Step::Pause { seconds: 3 });
        if let Some(code) = self.facts.code {
            steps.extend(self.code(code));
            steps.push(self.say(ONCE_MORE));
            steps.extend(self.code(code));
        }
        steps.extend([self.say(HOW_TO_COME_BACK), self.say(HEAR_CODE_AGAIN)]);
        steps
    }

    /// Group by group, with a rest after each in which it can be written down.
    fn code(&self, code: &ReturnCode) -> Vec<Step> {
        let groups = code.spoken_groups(self.language).into_iter();
        groups.flat_map(|words| [Step::Say { words, language: self.language }, Step::Pause { seconds: 2 }]).collect()
    }

    fn answers(&self, lead: AnswersLead, then: StepToken) -> Vec<Step> {
        let mut steps = match lead {
            AnswersLead::Read { count: 0, .. } => vec![self.say(NO_ANSWER_YET)],
            AnswersLead::Read { count, .. } => self.read_out(count),
            AnswersLead::Added => vec![self.say(ADDED)],
            AnswersLead::Silence => Vec::new(),
            AnswersLead::WrongKey => vec![self.say(WRONG_KEY)],
        };
        steps.push(ask(vec![self.say(CHOOSE_NEXT)], 1, WAIT_SECONDS, then));
        steps
    }

    /// An analyst's words are in whatever language they were written in; the voice is the caller's.
    fn read_out(&self, count: u32) -> Vec<Step> {
        let answers = match self.facts.checked {
            Some(Checked::Right(answers)) => answers.words,
            Some(Checked::Wrong) | None => &[],
        };
        let mut steps = vec![self.say(ANSWERS_FOLLOW)];
        for answer in answers.iter().take(usize::try_from(count).unwrap_or(usize::MAX)) {
            steps.push(Step::Pause { seconds: 1 });
            steps.push(Step::Say { words: answer.reveal().to_owned(), language: self.language });
        }
        steps.extend([Step::Pause { seconds: 1 }, self.say(END_OF_ANSWERS)]);
        steps
    }

    fn dial(&self, words: Phrase, to: Option<&crate::sealed::Address>, then: StepToken) -> Vec<Step> {
        match to {
            Some(to) => {
                vec![self.say(words), Step::Dial { to: to.clone(), from: self.facts.ours.clone(), ring_seconds: RING_SECONDS, then }]
            }
            // The number was taken out of the configuration meanwhile: as if nobody answered.
            None => vec![Step::Continue { then }],
        }
    }

    fn farewell(&self, farewell: Farewell) -> Vec<Step> {
        let mut steps = match farewell {
            Farewell::Told | Farewell::Heard => vec![self.say(GOODBYE)],
            Farewell::Kept => vec![self.say(MESSAGE_KEPT), self.say(GOODBYE)],
            Farewell::KeptAway => {
                Language::ALL.iter().flat_map(|language| [MESSAGE_KEPT, GOODBYE].map(|words| self.say_in(words, *language))).collect()
            }
            Farewell::NothingSaid => vec![self.say(CALL_AGAIN), self.say(GOODBYE)],
            Farewell::Directed => vec![self.say(THANKS), self.say(GOODBYE)],
        };
        steps.push(Step::HangUp);
        steps
    }
}

fn ask(prompt: Vec<Step>, digits: u8, wait_seconds: u8, then: StepToken) -> Step {
    Step::Ask { prompt, digits, finish_on_hash: false, wait_seconds, then }
}

/// `https://tips.example.org` as one says it: "tips dot example dot org".
fn spoken_site(site: &str, language: Language) -> String {
    let [dot, colon, dash] = match language {
        Language::En => [" dot ", ", port ", " dash "],
        Language::Es => [" punto ", ", puerto ", " guion "],
        Language::Ar => [" نقطة ", "، منفذ ", " شرطة "],
    };
    let plain = site.split_once("://").map_or(site, |(_, rest)| rest);
    plain.replace('.', dot).replace(':', colon).replace('-', dash)
}

const GREETING: Phrase = [
    "This is {line}. If you are in danger now, hang up and dial nine, one, one. For English, press one.",
    "Esta es {line}. Si estás en peligro ahora, cuelga y marca nueve, uno, uno. Para español, marca dos.",
    "هنا {line}. إذا كنت في خطر الآن فأغلق الخط واتصل بالرقم تسعة، واحد، واحد. للعربية اضغط ثلاثة.",
];
/// Said after the notice where recordings are transcribed.
const MACHINE: Phrase = ["A machine may write down what you say.", "", ""];
const CHOOSE_MESSAGE: Phrase = ["To leave a message, press one.", "Para dejar un mensaje, marca uno.", "لترك رسالة اضغط واحد."];
const CHOOSE_DESK: Phrase = ["To speak with a person, press two.", "Para hablar con una persona, marca dos.", "للحديث مع شخص اضغط اثنان."];
const CHOOSE_CODE: Phrase =
    ["If you have a code from us, press three.", "Si tienes una clave nuestra, marca tres.", "إذا كان لديك رمز منا فاضغط ثلاثة."];
const CHOOSE_HOTLINE: Phrase = [
    "For the hotline of {schools}, press four.",
    "Para la línea directa de {schools}, marca cuatro.",
    "للخط الساخن الخاص بـ {schools} اضغط أربعة.",
];
const CHOOSE_CALL_BACK: Phrase = [
    "If you are calling back for a school or agency, press eight.",
    "Si devuelve la llamada por una escuela o agencia, marque ocho.",
    "إذا كنت تعاود الاتصال باسم مدرسة أو جهة فاضغط ثمانية.",
];
const WRONG_KEY: Phrase = [
    "That key does nothing here. That is all right, please try again.",
    "Esa tecla no hace nada aquí. No pasa nada, inténtalo otra vez.",
    "هذا المفتاح لا يعمل هنا. لا بأس، حاول مرة أخرى.",
];
const WITHOUT_CODE: Phrase = [
    "We could not find that code. You can go on without it.",
    "No encontramos esa clave. Puedes seguir sin ella.",
    "لم نجد هذا الرمز. يمكنك المتابعة من دونه.",
];
const SPEAK: Phrase = [
    "Speak after the tone, as long as three minutes. What happened, where, and when? When you are done, press the pound key or just stop.",
    "Habla después del tono, hasta tres minutos. ¿Qué pasó, dónde y cuándo? Al terminar, marca la tecla de número o deja de hablar.",
    "تحدث بعد الصافرة، حتى ثلاث دقائق. ماذا حدث وأين ومتى؟ عندما تنتهي اضغط مفتاح المربع أو توقف عن الكلام.",
];
const SPEAK_REPLY: Phrase = [
    "Speak after the tone, as long as three minutes. When you are done, press the pound key or just stop.",
    "Habla después del tono, hasta tres minutos. Al terminar, marca la tecla de número o deja de hablar.",
    "تحدث بعد الصافرة، حتى ثلاث دقائق. عندما تنتهي اضغط مفتاح المربع أو توقف عن الكلام.",
];
const NO_KEY: Phrase = [
    "You do not have to press anything. You can simply speak.",
    "No tienes que marcar nada. Puedes simplemente hablar.",
    "لا يلزم أن تضغط أي مفتاح. يمكنك أن تتحدث فقط.",
];
const NOBODY_ANSWERED: Phrase = [
    "Nobody could come to the phone. Please leave a message; a person will listen to it.",
    "Nadie pudo contestar. Por favor, deja un mensaje; una persona lo escuchará.",
    "لم يستطع أحد الرد. من فضلك اترك رسالة وسيستمع إليها شخص.",
];
const NOTHING_HEARD: Phrase = ["We could not hear anything.", "No pudimos oír nada.", "لم نسمع شيئًا."];
const AWAY: Phrase = [
    "This is {line}. Just now you can only leave a message.",
    "Esta es {line}. En este momento solo puedes dejar un mensaje.",
    "هنا {line}. يمكنك الآن ترك رسالة فقط.",
];
const MESSAGE_KEPT: Phrase = [
    "Thank you. We have your message. A person will listen to it. To talk with someone at any hour, dial nine, eight, eight.",
    "Gracias. Tenemos tu mensaje. Una persona lo escuchará. Para hablar con alguien a cualquier hora, marca nueve, ocho, ocho.",
    "شكرًا لك. وصلتنا رسالتك وسيستمع إليها شخص. للحديث مع أحد في أي وقت اتصل بالرقم تسعة، ثمانية، ثمانية.",
];
const THANKS: Phrase = ["Thank you for calling.", "Gracias por llamar.", "شكرًا لاتصالك."];
const WRITE_IT_DOWN: Phrase = [
    "This is your code. With it you can hear our answer. Please write it down. It has four groups of four digits.",
    "Esta es tu clave. Con ella puedes oír nuestra respuesta. Apúntala, por favor. Tiene cuatro grupos de cuatro cifras.",
    "هذا رمزك، وبه تستطيع سماع جوابنا. من فضلك اكتبه. فيه أربع مجموعات من أربعة أرقام.",
];
const ONCE_MORE: Phrase = ["Once more.", "Otra vez.", "مرة أخرى."];
const HOW_TO_COME_BACK: Phrase = [
    "You can call this number again and press three, or go to {site} slash return.",
    "Puedes llamar otra vez a este número y marcar tres, o ir a {site} barra return.",
    "يمكنك الاتصال بهذا الرقم مرة أخرى والضغط على ثلاثة، أو زيارة {site} شرطة مائلة return.",
];
const HEAR_CODE_AGAIN: Phrase =
    ["To hear the code again, press one.", "Para oír la clave otra vez, marca uno.", "لسماع الرمز مرة أخرى اضغط واحد."];
const KEY_YOUR_CODE: Phrase =
    ["Please key the sixteen digits of your code.", "Marca las dieciséis cifras de tu clave.", "اضغط أرقام رمزك الستة عشر."];
const CODE_NOT_FOUND: Phrase = [
    "We could not find that code. Please key all sixteen digits once more, slowly.",
    "No encontramos esa clave. Marca otra vez las dieciséis cifras, despacio.",
    "لم نجد هذا الرمز. اضغط الأرقام الستة عشر مرة أخرى ببطء.",
];
const NO_ANSWER_YET: Phrase = [
    "Welcome back. There is no answer yet. We have what you told us.",
    "Hola de nuevo. Todavía no hay respuesta. Tenemos lo que nos contaste.",
    "أهلًا بعودتك. لا يوجد جواب بعد. لدينا ما أخبرتنا به.",
];
const ANSWERS_FOLLOW: Phrase =
    ["Welcome back. This is our answer.", "Hola de nuevo. Esta es nuestra respuesta.", "أهلًا بعودتك. هذا جوابنا."];
const END_OF_ANSWERS: Phrase = ["That was all.", "Eso es todo.", "هذا كل شيء."];
const ADDED: Phrase = [
    "Thank you. We have added your message. A person will listen to it.",
    "Gracias. Hemos añadido tu mensaje. Una persona lo escuchará.",
    "شكرًا لك. أضفنا رسالتك وسيستمع إليها شخص.",
];
const CHOOSE_NEXT: Phrase = [
    "To answer, press one. To hear it again, press two. To end, press three.",
    "Para contestar, marca uno. Para oír otra vez, marca dos. Para terminar, marca tres.",
    "للرد اضغط واحد. للسماع مرة أخرى اضغط اثنان. للإنهاء اضغط ثلاثة.",
];
const CONNECTING: Phrase = [
    "We are calling a person for you. Please stay on the line. They do not see your number.",
    "Estamos llamando a una persona para ti. Quédate en la línea. No verá tu número.",
    "نتصل الآن بشخص من أجلك. ابقَ على الخط من فضلك. لن يرى رقمك.",
];
const DIRECTING: Phrase = [
    "We are connecting you with the hotline of {schools}. They do not see your number.",
    "Te comunicamos con la línea directa de {schools}. No verán tu número.",
    "نوصلك الآن بالخط الساخن الخاص بـ {schools}. لن يروا رقمك.",
];
const CALL_AGAIN: Phrase = [
    "You can call again at any time, day or night. To talk with someone now, dial nine, eight, eight.",
    "Puedes llamar otra vez en cualquier momento, de día o de noche. Para hablar con alguien ahora, marca nueve, ocho, ocho.",
    "يمكنك الاتصال مرة أخرى في أي وقت، ليلًا أو نهارًا. للحديث مع أحد الآن اتصل بالرقم تسعة، ثمانية، ثمانية.",
];
const GOODBYE: Phrase = ["Take care of yourself. Goodbye.", "Cuídate. Adiós.", "اعتنِ بنفسك. إلى اللقاء."];
