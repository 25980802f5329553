//! The handset page: several phones side by side, each with messages, calls and a keypad.
//! Every button is a form; the script sends the same forms without leaving the page and asks for JSON, which
//! is how a handler knows whether to redirect.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::phone::{self, Phone};
use super::{PHONES, parse_numbers, shell};
use crate::control::{Control, ControlError};
use crate::exchange::Exchange;

const KEYS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

#[derive(Template)]
#[template(path = "handset.html")]
struct Page {
    here: &'static str,
    watch: String,
    phones: Vec<Phone>,
    numbers: Vec<String>,
    keys: [&'static str; 12],
}

#[derive(Template)]
#[template(path = "phone_only.html")]
struct OnePhone {
    phone: Phone,
    numbers: Vec<String>,
    keys: [&'static str; 12],
}

/// `GET /handset?numbers=+1..,+1..&labels=Student,Principal`; `numbers` may repeat.
pub async fn show(State(exchange): State<Arc<Exchange>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let (mut numbers, mut labels): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "numbers" => numbers.extend(parse_numbers(&value)),
            "labels" => labels.extend(value.split(',').map(|label| label.trim().to_owned())),
            _ => {}
        }
    }
    numbers.truncate(PHONES);
    let back = format!("?{query}");
    let page = exchange.with(|state| {
        let phones = numbers
            .iter()
            .enumerate()
            .map(|(index, number)| {
                let given = labels.get(index).map(String::as_str).filter(|label| !label.is_empty());
                state.handset_loaded(number, given);
                let label = state.labels.get(number).map_or("Phone", String::as_str);
                phone::draw(state, number, label, &back, exchange.options.site.as_deref())
            })
            .collect();
        Page {
            here: "handset",
            watch: numbers.join(","),
            phones,
            numbers: state.numbers.iter().map(|route| route.number.clone()).collect(),
            keys: KEYS,
        }
    });
    shell::render(&page)
}

/// Which phone to draw.
#[derive(Debug, Deserialize)]
pub struct Which {
    number: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    back: String,
}

/// `GET /handset/phone`: one phone, for the script.
pub async fn one(State(exchange): State<Arc<Exchange>>, Query(which): Query<Which>) -> Response {
    let page = exchange.with(|state| OnePhone {
        phone: phone::draw(state, &which.number, &which.label, &which.back, exchange.options.site.as_deref()),
        numbers: state.numbers.iter().map(|route| route.number.clone()).collect(),
        keys: KEYS,
    });
    shell::render(&page)
}

/// Back to the page, or a plain answer for the script.
pub(super) fn done(result: Result<(), ControlError>, headers: &HeaderMap, back: &str) -> Response {
    let script = headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json");
    match result {
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        Ok(()) if script => StatusCode::NO_CONTENT.into_response(),
        Ok(()) if back.starts_with('?') => Redirect::to(&format!("/handset{back}")).into_response(),
        Ok(()) => Redirect::to("/").into_response(),
    }
}

/// The form of the text field.
#[derive(Debug, Deserialize)]
pub struct Text {
    from: String,
    to: String,
    body: String,
    #[serde(default)]
    back: String,
}

/// `POST /handset/text`.
pub async fn text(State(exchange): State<Arc<Exchange>>, headers: HeaderMap, Form(form): Form<Text>) -> Response {
    let from = phone::own_address(&form.from, &form.to);
    let said = Control::new(exchange).text(&from, &form.to, &form.body.replace("\r\n", "\n")).await;
    done(said.map(|_| ()), &headers, &form.back)
}

/// The form of the dialler.
#[derive(Debug, Deserialize)]
pub struct Dial {
    from: String,
    to: String,
    #[serde(default)]
    back: String,
}

/// `POST /handset/dial`.
pub async fn dial(State(exchange): State<Arc<Exchange>>, headers: HeaderMap, Form(form): Form<Dial>) -> Response {
    let called = Control::new(exchange).dial(&form.from, form.to.trim()).await;
    done(called.map(|_| ()), &headers, &form.back)
}

/// The form that chooses what calls meet.
#[derive(Debug, Deserialize)]
pub struct Behave {
    number: String,
    answer: String,
    #[serde(default)]
    back: String,
}

/// `POST /handset/behaviour`.
pub async fn behave(State(exchange): State<Arc<Exchange>>, headers: HeaderMap, Form(form): Form<Behave>) -> Response {
    let control = Control::new(exchange);
    let chosen = phone::offered().into_iter().find(|(value, ..)| *value == form.answer);
    let result = match chosen {
        Some(("manual", ..)) => {
            control.stop_behaving(Some(&form.number)).await;
            Ok(())
        }
        Some((_, _, behaviour)) => control.behave(&form.number, vec![behaviour]).await,
        // The script that is set stays.
        None => Ok(()),
    };
    done(result, &headers, &form.back)
}

/// The form of a call's card.
#[derive(Debug, Deserialize)]
pub struct Act {
    #[serde(default, rename = "do")]
    what: String,
    #[serde(default)]
    digits: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    back: String,
}

/// `POST /handset/call/{sid}`.
pub async fn act(State(exchange): State<Arc<Exchange>>, headers: HeaderMap, Path(sid): Path<String>, Form(form): Form<Act>) -> Response {
    let control = Control::new(exchange);
    let result = match form.what.as_str() {
        "answer" => control.answer(&sid).await,
        "decline" => control.decline(&sid).await,
        "be_machine" => control.be_machine(&sid).await,
        "hangup" => control.hang_up(&sid).await,
        "speak" if !form.words.trim().is_empty() => control.speak(&sid, &form.words, None).await,
        _ if !form.digits.is_empty() => control.digits(&sid, &form.digits).await,
        // To let it ring is to do nothing.
        _ => Ok(()),
    };
    // The call may have ended between the click and now; the page shows that by itself.
    let result = result.or_else(|error| match error {
        ControlError::Missing(_) => Ok(()),
        wrong @ ControlError::Wrong(_) => Err(wrong),
    });
    done(result, &headers, &form.back)
}

/// `GET /handset/media/{sid}`: a picture on the phone.
pub async fn picture(State(exchange): State<Arc<Exchange>>, Path(sid): Path<String>) -> Response {
    let media = exchange.with(|state| state.media.get(&sid).cloned());
    match media.filter(|media| !media.bytes.is_empty()) {
        Some(media) if matches!(media.content_type.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp") => {
            ([(header::CONTENT_TYPE, media.content_type)], media.bytes).into_response()
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}
