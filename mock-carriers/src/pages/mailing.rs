//! The handset's mail form: a new mail to the tip line, or an answer to one that came, with files.
//! An answer goes where the mail asks for it (`Reply-To`, else `From`) when that is the tip line's, and carries the
//! headers by which mails are threaded. The form is multipart, for its files.

use std::sync::Arc;

use axum::extract::{Multipart, State};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::handset::done;
use crate::control::{Control, ControlError};
use crate::exchange::Exchange;
use crate::letter::{ATTACHMENTS, Attachment, Letter, bare};
use crate::postman::is_ours;
use crate::state::mail::{Mail, header};

/// What the form holds.
#[derive(Debug, Default)]
struct Form {
    letter: Letter,
    answers: String,
    back: String,
}

/// `POST /handset/mail`.
pub async fn write(State(exchange): State<Arc<Exchange>>, headers: HeaderMap, form: Multipart) -> Response {
    let form = match read(form).await {
        Ok(form) => form,
        Err(sentence) => return done(Err(ControlError::Wrong(sentence)), &headers, ""),
    };
    let Form { mut letter, answers, back } = form;
    let answered = exchange.with(|state| state.mails.get(&answers).cloned());
    if let Some(answered) = answered {
        answer(&mut letter, &answered, &exchange.options.mailbox);
    }
    let written = Control::new(exchange).write(letter).await;
    done(written.map(|_| ()), &headers, &back)
}

async fn read(mut parts: Multipart) -> Result<Form, String> {
    let broken = |error: axum::extract::multipart::MultipartError| format!("the form could not be read: {}", error.body_text());
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let (file, kind) = (part.file_name().unwrap_or_default().to_owned(), part.content_type().unwrap_or_default().to_owned());
            let bytes = part.bytes().await.map_err(broken)?;
            // A file field that was left empty comes as a file without a name.
            if !file.is_empty() && form.letter.attachments.len() < ATTACHMENTS {
                form.letter.attachments.push(Attachment { name: file, content_type: kind, data_base64: STANDARD.encode(bytes) });
            }
            continue;
        }
        let text = part.text().await.map_err(broken)?;
        match name.as_str() {
            "from" => form.letter.from = text.trim().to_owned(),
            "subject" => form.letter.subject = text.trim().to_owned(),
            "text" => form.letter.text = Some(text),
            "answers" => form.answers = text,
            "back" => form.back = text,
            _ => {}
        }
    }
    Ok(form)
}

/// Makes a letter an answer to a mail.
fn answer(letter: &mut Letter, mail: &Mail, mailbox: &str) {
    let value = |name: &str| header(&mail.headers, name).unwrap_or_default().to_owned();
    let asked = [value("Reply-To"), mail.from.clone()];
    let to = asked.iter().map(|address| bare(address)).find(|address| is_ours(mailbox, address));
    letter.to = to.map(str::to_owned);
    let id = value("Message-ID");
    if !id.is_empty() {
        letter.references = Some(format!("{} {id}", value("References")).trim().replace("\r\n", " "));
        letter.in_reply_to = Some(id);
    }
    if letter.subject.is_empty() {
        let begun = mail.subject.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("re:"));
        letter.subject = if begun { mail.subject.clone() } else { format!("Re: {}", mail.subject) };
    }
}
