//! Help numbers: 911, 988 and the line's own everywhere, and those that the operator wrote for each county.
//!
//! The county is asked by POST, so that where somebody lives stands in no URL.

use super::form::Field;
use super::frame::answer;
use super::schools::folded;
use super::{Frame, Here, Number, Place};
use crate::config::HelpLine;
use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "public/help.html")]
struct Page {
    frame: Frame,
    text: Option<Number>,
    call: Option<Number>,
    everywhere: Vec<Line>,
    counties: Vec<String>,
    typed: String,
    groups: Vec<(String, Vec<Line>)>,
    none: Option<String>,
}

struct Line {
    name: String,
    phone: Option<Number>,
    url: Option<String>,
}

pub(super) async fn show(State(here): State<Here>) -> Response {
    page(&here, String::new())
}

pub(super) async fn search(State(here): State<Here>, request: Request) -> Response {
    let form = here.site.read(request).await;
    page(&here, form.get(Field::County).trim().to_owned())
}

fn page(here: &Here, typed: String) -> Response {
    let (facts, words) = (&here.site.facts, &here.words().help);
    let mut counties: Vec<String> = facts.help.iter().filter_map(|line| line.county.clone()).collect();
    counties.sort();
    counties.dedup();
    let wanted = folded(&typed);
    let shown: Vec<&String> = counties.iter().filter(|county| folded(county).contains(&wanted)).collect();
    let of = |county: Option<&String>| facts.help.iter().filter(|line| line.county.as_ref() == county).map(Line::of).collect();
    let groups = shown.iter().map(|county| ((words.in_county)(county), of(Some(county)))).collect();
    let none = (!typed.is_empty() && shown.is_empty()).then(|| (words.nothing)(&typed));
    let page = Page {
        frame: here.frame(Place::Help),
        text: facts.text_number.clone(),
        call: facts.call_number.clone(),
        everywhere: of(None),
        counties,
        typed,
        groups,
        none,
    };
    answer(StatusCode::OK, &page)
}

impl Line {
    fn of(line: &HelpLine) -> Self {
        let phone = line
            .phone
            .as_ref()
            .map(|shown| Number { dial: shown.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(), shown: shown.clone() });
        Self { name: line.name.clone(), phone, url: line.url.clone() }
    }
}
