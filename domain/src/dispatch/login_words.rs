//! What brings an enduser their one-time code for the portal: a mail or a text, without a word about any tip.
//!
//! It says who is asked for the code (the page alone, nobody on the phone) and what to do when one did not ask for it.

use crate::exchange::{Mail, MailKind};
use crate::language::Language;
use crate::sealed::Words;

/// What the words need.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginFacts<'a> {
    /// The line's name.
    pub line_name: &'a str,
    /// The code, in groups as people read it.
    pub code: &'a str,
    /// For how many minutes it is good.
    pub minutes: u32,
    /// The reader's language.
    pub language: Language,
}

/// The mail; `message_id` is the left part of its Message-ID.
pub fn login_mail(facts: &LoginFacts<'_>, message_id: String) -> Mail {
    let LoginFacts { line_name, code, minutes, language } = facts;
    let (subject, text) = match language {
        Language::En => (
            format!("Your code for {line_name}"),
            format!(
                "Your code to log in to {line_name}: {code}\n\n\
                 Type it on the page that asked for it. It is good for {minutes} minutes, once.\n\
                 Nobody will ever ask you for it on the phone or by mail.\n\n\
                 If you did not want to log in, do nothing: without the code nobody gets in.\n"
            ),
        ),
        Language::Es => (
            format!("Su clave para {line_name}"),
            format!(
                "Su clave para entrar en {line_name}: {code}\n\n\
                 Escríbala en la página que la pidió. Vale {minutes} minutos y una sola vez.\n\
                 Nadie se la pedirá nunca por teléfono ni por correo.\n\n\
                 Si usted no quería entrar, no haga nada: sin la clave no entra nadie.\n"
            ),
        ),
        Language::Ar => (
            format!("رمز الدخول إلى {line_name}"),
            format!(
                "رمزك للدخول إلى {line_name}: {code}\n\n\
                 اكتبه في الصفحة التي طلبته. الرمز صالح لمدة {minutes} دقائق ولمرة واحدة.\n\
                 لن يطلبه منك أحد أبدا بالهاتف أو بالبريد.\n\n\
                 إن لم تطلب الدخول فلا تفعل شيئا: لا يدخل أحد من دون الرمز.\n"
            ),
        ),
    };
    Mail { message_id, subject, text, language: *language, answers: None, kind: MailKind::Notice { bounces_to: None }, tls_required: false }
}

/// The text: one segment in English.
pub fn login_text(facts: &LoginFacts<'_>) -> Words {
    let LoginFacts { line_name, code, minutes, language } = facts;
    Words::new(match language {
        Language::En => format!("{line_name}: your login code is {code}, good for {minutes} minutes. Nobody will ask you for it."),
        Language::Es => format!("{line_name}: su clave de entrada es {code}, vale {minutes} minutos. Nadie se la pedirá."),
        Language::Ar => format!("{line_name}: رمز الدخول {code}، صالح {minutes} دقائق. لن يطلبه منك أحد."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_there_once_and_not_in_the_subject() {
        for language in Language::ALL {
            let facts = LoginFacts { line_name: "Safe2Help Illinois", code: "482 913", minutes: 10, language };
            let mail = login_mail(&facts, "id".to_owned());
            assert_eq!(mail.text.matches("482 913").count(), 1);
            assert!(!mail.subject.contains("482"), "a subject is read over a shoulder");
            let text = login_text(&facts);
            assert_eq!(text.reveal().matches("482 913").count(), 1);
            assert!(language != Language::En || text.reveal().len() <= 160, "one segment");
        }
    }
}
