//! The mail inbox: all mails or one person's, one mail with its links, and a scanner's visit to those links.
//! The scanner is played without a browser: HEAD and GET, no script, no cookie, no redirect.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::shell;
use crate::exchange::Exchange;
use crate::state::mail::Mail;

/// Most mails in the list.
const LISTED: usize = 200;
/// Most recipients offered as tabs.
const PEOPLE: usize = 12;
/// How long a scanner waits for one answer.
const SCAN_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "inbox.html")]
struct ListPage {
    here: &'static str,
    to: String,
    smtp: String,
    people: Vec<Person>,
    mails: Vec<Row>,
}

struct Person {
    address: String,
    encoded: String,
    count: usize,
    chosen: bool,
}

struct Row {
    id: String,
    subject: String,
    to: String,
    time: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    here: &'static str,
    mail: Row,
    from: String,
    pieces: Vec<Piece>,
    links: Vec<String>,
    headers: Vec<(String, String)>,
    visits: Vec<Visit>,
}

struct Piece {
    text: String,
    link: bool,
}

struct Visit {
    method: &'static str,
    link: String,
    answer: String,
}

fn row(mail: &Mail) -> Row {
    Row {
        id: mail.id.clone(),
        subject: Some(mail.subject.clone()).filter(|s| !s.is_empty()).unwrap_or_else(|| "(no subject)".to_owned()),
        to: mail.to.join(", "),
        time: shell::second(mail.at),
    }
}

/// Whose mail to show.
#[derive(Debug, Deserialize)]
pub struct Filter {
    #[serde(default)]
    to: String,
}

/// `GET /inbox`.
pub async fn list(State(exchange): State<Arc<Exchange>>, Query(filter): Query<Filter>) -> Response {
    let smtp = exchange.options.smtp.to_string();
    let page = exchange.with(|state| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for to in state.mails.iter().flat_map(|mail| &mail.to) {
            *counts.entry(to.to_ascii_lowercase()).or_default() += 1;
        }
        let chosen = filter.to.to_ascii_lowercase();
        let wanted = |mail: &&Mail| chosen.is_empty() || mail.to.iter().any(|to| to.eq_ignore_ascii_case(&chosen));
        ListPage {
            here: "inbox",
            to: filter.to.clone(),
            smtp,
            people: counts
                .into_iter()
                .take(PEOPLE)
                .map(|(address, count)| Person { encoded: shell::encode(&address), chosen: address == chosen, address, count })
                .collect(),
            mails: state.mails.iter().rev().filter(wanted).take(LISTED).map(row).collect(),
        }
    });
    shell::render(&page)
}

/// `GET /inbox/{id}`.
pub async fn one(State(exchange): State<Arc<Exchange>>, Path(id): Path<String>) -> Response {
    show(&exchange, &id, Vec::new())
}

/// `POST /inbox/{id}/scan`.
pub async fn scan(State(exchange): State<Arc<Exchange>>, Path(id): Path<String>) -> Response {
    let links = exchange.with(|state| state.mails.get(&id).map(|mail| mail.links.clone()));
    let mut visits = Vec::new();
    for link in links.unwrap_or_default() {
        for method in [reqwest::Method::HEAD, reqwest::Method::GET] {
            let name = if method == reqwest::Method::HEAD { "HEAD" } else { "GET" };
            let request = exchange.http.request(method, &link).timeout(SCAN_TIMEOUT);
            let request = request.header("User-Agent", "Mozilla/5.0 (compatible; MockMailScanner/1.0)");
            let answer = match request.send().await {
                Ok(response) => response.status().to_string(),
                Err(_) => "no answer".to_owned(),
            };
            visits.push(Visit { method: name, link: link.clone(), answer });
        }
    }
    show(&exchange, &id, visits)
}

fn show(exchange: &Exchange, id: &str, visits: Vec<Visit>) -> Response {
    let Some(mail) = exchange.with(|state| state.mails.get(id).cloned()) else {
        return (StatusCode::NOT_FOUND, "There is no such mail. It may have been cleared.").into_response();
    };
    let shown = row(&mail);
    shell::render(&MailPage {
        here: "inbox",
        mail: shown,
        from: mail.from,
        pieces: pieces(&mail.text, &mail.links),
        links: mail.links,
        headers: mail.headers,
        visits,
    })
}

/// Cuts a text into words to show and links to click.
fn pieces(text: &str, links: &[String]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // The longest link at the earliest place, so that one that begins like another is not cut short.
    while let Some((at, link)) = links
        .iter()
        .filter_map(|link| rest.find(link.as_str()).map(|at| (at, link)))
        .min_by_key(|(at, link)| (*at, usize::MAX - link.len()))
    {
        let (before, from) = rest.split_at(at);
        pieces.push(Piece { text: before.to_owned(), link: false });
        pieces.push(Piece { text: link.clone(), link: true });
        rest = from.get(link.len()..).unwrap_or_default();
    }
    pieces.push(Piece { text: rest.to_owned(), link: false });
    pieces
}
