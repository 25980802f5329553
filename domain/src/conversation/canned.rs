//! Answers that an analyst can send with one key: approved words, the same for every reporter, in three languages.
//!
//! The program never sends one by itself. The sentence on legal advice (R7) is said once a tip: whoever offers the answers
//! leaves out those that are [`Canned::once`] and were sent. Each fits two SMS segments. The keys are kept in records: they do not change.

use crate::language::Language;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Canned {
    /// Where is it?
    Where,
    /// Is anybody hurt?
    Hurt,
    /// When, and is it still going on?
    When,
    /// Who is it about?
    Who,
    /// How do you know?
    How,
    /// Is the reporter safe?
    Safe,
    /// 988, now (R8).
    Crisis,
    /// Help for oneself, without hurry (R8).
    SelfHelp,
    /// Nobody here gives legal advice (R7).
    Legal,
    /// Press goes to the administrators (R41).
    Media,
    /// What happens next.
    Next,
    /// The end of a conversation.
    Closing,
}

impl Canned {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Canned; 12] = [
        Canned::Where,
        Canned::Hurt,
        Canned::When,
        Canned::Who,
        Canned::How,
        Canned::Safe,
        Canned::Crisis,
        Canned::SelfHelp,
        Canned::Legal,
        Canned::Media,
        Canned::Next,
        Canned::Closing,
    ];

    /// The word used in forms, the API and the record.
    pub const fn key(self) -> &'static str {
        match self {
            Canned::Where => "where",
            Canned::Hurt => "hurt",
            Canned::When => "when",
            Canned::Who => "who",
            Canned::How => "how",
            Canned::Safe => "safe",
            Canned::Crisis => "crisis",
            Canned::SelfHelp => "self-help",
            Canned::Legal => "legal",
            Canned::Media => "media",
            Canned::Next => "next",
            Canned::Closing => "closing",
        }
    }

    /// Reads the word back.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|canned| canned.key() == key)
    }

    /// What the analyst sees on the button.
    pub const fn title(self) -> &'static str {
        match self {
            Canned::Where => "Where is it?",
            Canned::Hurt => "Is anybody hurt?",
            Canned::When => "When?",
            Canned::Who => "Who is it?",
            Canned::How => "How do you know?",
            Canned::Safe => "Are you safe?",
            Canned::Crisis => "988 now",
            Canned::SelfHelp => "Help for yourself",
            Canned::Legal => "No legal advice",
            Canned::Media => "Press and media",
            Canned::Next => "What happens next",
            Canned::Closing => "Goodbye",
        }
    }

    /// Whether it is said once a tip at most (R7).
    pub const fn once(self) -> bool {
        match self {
            Canned::Legal => true,
            Canned::Where
            | Canned::Hurt
            | Canned::When
            | Canned::Who
            | Canned::How
            | Canned::Safe
            | Canned::Crisis
            | Canned::SelfHelp
            | Canned::Media
            | Canned::Next
            | Canned::Closing => false,
        }
    }

    /// What the reporter reads.
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::En => self.english(),
            Language::Es => self.spanish(),
            Language::Ar => self.arabic(),
        }
    }

    const fn english(self) -> &'static str {
        match self {
            Canned::Where => "Thank you. Where is it? The name of the school or the bus, and the room or the place, if you know it.",
            Canned::Hurt => "Is anybody hurt, or could somebody be hurt soon? If so, call 911 now if you safely can, and tell us where.",
            Canned::When => "When did it happen, or when will it happen? Is it still going on now?",
            Canned::Who => "Who is it about? A name, a class, or what the person looks like all help. You need not say who you are.",
            Canned::How => {
                "How do you know about it: did you see or hear it yourself, or did somebody tell you? Pictures or messages help, too."
            }
            Canned::Safe => "Are you safe where you are now? If not, call 911, or go to an adult you trust. You can go on writing to us.",
            Canned::Crisis => {
                "If you think about hurting yourself, you are not alone, and help is there now: call or text 988 at any hour. \
                 If it is urgent, call 911. We are still here to read what you write."
            }
            Canned::SelfHelp => {
                "Thank you for telling us about yourself; that takes courage. You can talk with someone at 988, by call or text, at any hour. \
                 Is there an adult you trust whom you could tell?"
            }
            Canned::Legal => "We cannot give legal advice. A lawyer or a legal aid office can. Your report goes on as any other.",
            Canned::Media => "We cannot answer questions of the press here. They are passed on to the administrators of this line.",
            Canned::Next => {
                "What happens next: a person decides who has to know, such as the school or the police, and tells them what you wrote, \
                 not who you are unless you wrote it. We may ask you more here."
            }
            Canned::Closing => "Thank you for telling us. We end here for now. If anything more happens, write again; in danger, call 911.",
        }
    }

    const fn spanish(self) -> &'static str {
        match self {
            Canned::Where => "Gracias. ¿Dónde es? El nombre de la escuela o del autobús, y el aula o el lugar, si lo sabes.",
            Canned::Hurt => "¿Hay alguien herido o en peligro? Si es así, llama al 911 si puedes hacerlo sin riesgo, y dinos dónde.",
            Canned::When => "¿Cuándo pasó, o cuándo va a pasar? ¿Sigue pasando ahora?",
            Canned::Who => "¿De quién se trata? Un nombre, una clase o cómo es la persona ayudan. No hace falta que digas quién eres.",
            Canned::How => "¿Cómo lo sabes: lo viste o lo oíste, o te lo contaron? Las fotos o los mensajes también ayudan.",
            Canned::Safe => "¿Estás a salvo donde estás? Si no, llama al 911 o busca a un adulto de confianza. Puedes seguir escribiendo.",
            Canned::Crisis => {
                "Si piensas en hacerte daño, no tienes que pasarlo a solas: llama o escribe al 988 a cualquier hora. Si es urgente, llama al 911. \
                 Seguimos leyendo lo que escribes."
            }
            Canned::SelfHelp => {
                "Gracias por hablarnos de ti; hace falta valor. En el 988 hay alguien con quien hablar, por llamada o mensaje, a cualquier hora. \
                 ¿Conoces a un adulto de confianza?"
            }
            Canned::Legal => {
                "No podemos dar consejo legal. Un abogado o una oficina de ayuda legal puede darlo. Tu aviso sigue como cualquier otro."
            }
            Canned::Media => "Aquí no podemos responder a la prensa. Pasamos la pregunta a la administración de esta línea.",
            Canned::Next => {
                "Lo que sigue: una persona decide quién debe saberlo, como la escuela o los agentes, y le cuenta lo que escribiste, \
                 no quién eres si no lo has escrito."
            }
            Canned::Closing => {
                "Gracias por contarlo. Por ahora terminamos. Si pasa algo más, escribe de nuevo; si hay peligro, llama al 911."
            }
        }
    }

    const fn arabic(self) -> &'static str {
        match self {
            Canned::Where => "شكرًا لك. أين يحدث ذلك؟ اسم المدرسة أو الحافلة، والغرفة أو المكان إن كنت تعرفه.",
            Canned::Hurt => "هل أصيب أحد أو قد يصاب قريبًا؟ إن كان كذلك فاتصل بالرقم 911 إن أمكنك ذلك بأمان، وأخبرنا أين.",
            Canned::When => "متى حدث ذلك أو متى سيحدث؟ وهل ما زال يحدث الآن؟",
            Canned::Who => "عمن تتحدث؟ الاسم أو الصف أو الشكل، كل ذلك يساعد. لا حاجة إلى أن تقول من أنت.",
            Canned::How => "كيف عرفت بذلك: هل رأيته أو سمعته بنفسك أم أخبرك أحد؟ الصور والرسائل تساعد أيضًا.",
            Canned::Safe => "هل أنت في أمان حيث أنت الآن؟ إن لم تكن فاتصل بالرقم 911 أو اذهب إلى شخص بالغ تثق به. يمكنك متابعة الكتابة.",
            Canned::Crisis => {
                "إن كنت تفكر في إيذاء نفسك فالمساعدة موجودة الآن: اتصل بالرقم 988 أو راسله في أي ساعة، وإن كان الأمر عاجلًا فبالرقم 911."
            }
            Canned::SelfHelp => "شكرًا لأنك حدثتنا عن نفسك. يمكنك الحديث مع شخص على الرقم 988 في أي ساعة. هل هناك شخص بالغ تثق به؟",
            Canned::Legal => "لا يمكننا تقديم استشارة قانونية؛ يقدمها محام أو مكتب مساعدة قانونية. وبلاغك يتابع كأي بلاغ آخر.",
            Canned::Media => "لا يمكننا الرد هنا على أسئلة الصحافة. نحيلها إلى إدارة هذا الخط.",
            Canned::Next => "بعد ذلك يقرر شخص من يجب أن يعرف، كالمدرسة أو الشرطة، ويخبرهم بما كتبته لا بمن أنت ما لم تكتب ذلك.",
            Canned::Closing => "شكرًا لأنك أخبرتنا. ننهي الآن. إن حدث شيء آخر فاكتب من جديد، وفي الخطر اتصل بالرقم 911.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fits::too_long;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_fits_two_segments_and_promises_nothing() {
        for canned in Canned::ALL {
            for language in Language::ALL {
                let text = canned.text(language);
                assert_eq!(too_long(text), None, "{canned:?} {language:?}");
                let lower = text.to_lowercase();
                assert!(!["anonym", "anónim", "مجهول", "promise", "confidential"].iter().any(|word| lower.contains(word)), "{text}");
                assert!(!text.contains("  ") && !text.contains('!'), "{text}");
                assert_eq!(text.chars().any(|c| ('\u{600}'..='\u{6FF}').contains(&c)), language == Language::Ar, "{text}");
            }
        }
    }

    #[test]
    fn keys_are_read_back_and_unlike() {
        for canned in Canned::ALL {
            assert_eq!(Canned::parse(canned.key()), Some(canned));
        }
        assert_eq!(Canned::ALL.map(Canned::title).into_iter().collect::<BTreeSet<_>>().len(), Canned::ALL.len());
        assert_eq!(Canned::parse("nonsense"), None);
    }

    #[test]
    fn the_rules_have_their_words() {
        let table = [
            // R7: one sentence, once.
            (Canned::Legal, ["legal advice", "consejo legal", "استشارة قانونية"]),
            // R8: 988.
            (Canned::Crisis, ["988", "988", "988"]),
            (Canned::SelfHelp, ["988", "988", "988"]),
            // R41: to the administrators.
            (Canned::Media, ["administrators", "administración", "إدارة"]),
            (Canned::Hurt, ["911", "911", "911"]),
        ];
        for (canned, words) in table {
            for (language, word) in Language::ALL.into_iter().zip(words) {
                assert!(canned.text(language).contains(word), "{canned:?} {language:?}");
            }
        }
        assert_eq!(Canned::ALL.into_iter().filter(|canned| canned.once()).collect::<Vec<_>>(), [Canned::Legal]);
    }
}
