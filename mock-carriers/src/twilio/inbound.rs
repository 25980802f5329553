//! A text from a handset to one of the account's numbers: the message, the carrier's own handling of STOP and
//! START (carriers.md 1.6), the webhook, and TwiML `<Message>` answers.
//! A replay sends the very same parameters; only the idempotency token may differ.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{json, segments};
use crate::carrier::Carrier;
use crate::clock;
use crate::exchange::Exchange;
use crate::ids;
use crate::options::{channel, is_e164};
use crate::state::fault::Kind;
use crate::state::message::{Direction, Media, Message, MessageStatus};
use crate::state::{OPT_OUTS_KEPT, State};
use crate::telnyx::events;
use crate::voice::xml::Element;
use crate::webhook::deliver::{Delivery, Outcome, deliver};
use crate::webhook::geography;

/// Most files in one message.
pub const MEDIA_PER_MESSAGE: usize = 10;
/// Words that stop a number's messages, when they are the whole message.
const STOP_WORDS: [&str; 8] = ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"];
/// Words that allow them again.
const START_WORDS: [&str; 3] = ["START", "YES", "UNSTOP"];

/// Words that ask for help.
const HELP_WORDS: [&str; 2] = ["HELP", "INFO"];
/// The name that WhatsApp tells of a writer: identity that nobody asked for.
const PROFILE_NAME: &str = "Robin Mockname";

/// What a handset texts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// The handset's number.
    pub from: String,
    /// One of the account's numbers.
    pub to: String,
    /// The text.
    #[serde(default)]
    pub body: String,
    /// Files.
    #[serde(default)]
    pub media: Vec<SaidMedia>,
    /// A SID to use instead of a new one.
    #[serde(default)]
    pub sid: Option<String>,
    /// When the carrier took it, instead of now: `DateSent`, and what a list is filtered by.
    #[serde(default)]
    pub sent: Option<Timestamp>,
    /// True when its webhook is never sent: the message is only listed.
    #[serde(default)]
    pub silent: bool,
}

/// A file that a handset sends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaidMedia {
    /// MIME type.
    pub content_type: String,
    /// The bytes.
    pub data_base64: String,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Said {
    /// The message's SID.
    pub sid: String,
    /// The webhook's answer.
    pub webhook: WebhookAnswer,
}

/// How a webhook was answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookAnswer {
    /// HTTP status; none when it was not sent or not answered.
    pub status: Option<u16>,
    /// The answer's body.
    pub body: String,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl From<Outcome> for WebhookAnswer {
    fn from(outcome: Outcome) -> Self {
        Self { status: outcome.status, body: outcome.body, error: outcome.error }
    }
}

/// Texts as a handset and waits for the webhook's answer. The sentence says what is wrong with the request.
pub async fn say(exchange: &Arc<Exchange>, say: Say) -> Result<Said, String> {
    let message = build(&say)?;
    let files = decode_media(&say.media, &message.sid)?;
    let sid = message.sid.clone();
    exchange.with(|state| {
        if state.route(&say.to).is_none() {
            return Err(format!("`{}` is not one of the account's numbers: POST /control/numbers first", say.to));
        }
        let mut message = message;
        message.media = files.iter().map(|media| media.sid.clone()).collect();
        for media in files {
            state.media.put(media.sid.clone(), media);
        }
        state.messages.put(sid.clone(), message);
        state.webhook_tokens.put(sid.clone(), ids::idempotency_token());
        Ok(())
    })?;
    exchange.announce_message(&sid);
    handle_keyword(exchange, &say);
    if say.silent {
        let error = Some("silent: the webhook was not sent".to_owned());
        return Ok(Said { sid, webhook: WebhookAnswer { status: None, body: String::new(), error } });
    }
    let webhook = send_webhook(exchange, &sid, false).await?;
    Ok(Said { sid, webhook })
}

/// Sends a message's webhook again, with its own token or a new one.
pub async fn replay(exchange: &Arc<Exchange>, sid: &str, same_token: bool) -> Result<WebhookAnswer, String> {
    send_webhook(exchange, sid, !same_token).await
}

fn build(say: &Say) -> Result<Message, String> {
    if say.media.len() > MEDIA_PER_MESSAGE {
        return Err(format!("a message carries at most {MEDIA_PER_MESSAGE} files"));
    }
    if say.from.is_empty() {
        return Err("`from` is empty: give the handset's number".to_owned());
    }
    let now = clock::now();
    let prefix = if say.media.is_empty() { "SM" } else { "MM" };
    Ok(Message {
        sid: say.sid.clone().unwrap_or_else(|| ids::sid(prefix)),
        from: Some(say.from.clone()),
        to: say.to.clone(),
        body: say.body.clone(),
        direction: Direction::Inbound,
        status: MessageStatus::Received,
        error_code: None,
        media: Vec::new(),
        messaging_service_sid: None,
        segments: segments::count(&say.body),
        created: say.sent.unwrap_or(now),
        updated: now,
        sent: Some(say.sent.unwrap_or(now)),
        status_callback: None,
        by_carrier: false,
    })
}

fn decode_media(said: &[SaidMedia], parent: &str) -> Result<Vec<Media>, String> {
    said.iter()
        .map(|media| {
            let bytes = STANDARD.decode(&media.data_base64).map_err(|error| format!("`data_base64` is not base64: {error}"))?;
            Ok(Media {
                sid: ids::sid("ME"),
                parent_sid: parent.to_owned(),
                content_type: media.content_type.clone(),
                bytes,
                source_url: None,
                download_token: ids::hex32(),
                created: clock::now(),
            })
        })
        .collect()
}

/// A keyword that the carrier knows, when it is the whole message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Stop,
    Start,
    Help,
}

impl Keyword {
    fn of(body: &str) -> Option<Self> {
        let word = body.trim().to_uppercase();
        let known = [(&STOP_WORDS[..], Self::Stop), (&START_WORDS[..], Self::Start), (&HELP_WORDS[..], Self::Help)];
        known.into_iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, keyword)| keyword)
    }

    /// What `OptOutType` says.
    fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Start => "START",
            Self::Help => "HELP",
        }
    }
}

/// STOP blocks and START reopens, whatever the gateway does; the carrier confirms by itself. HELP is answered for
/// numbers with advanced opt-out. Only texts have keywords; WhatsApp and Messenger have none (carriers.md 1.6).
fn handle_keyword(exchange: &Exchange, say: &Say) {
    let Some(keyword) = Keyword::of(&say.body).filter(|_| channel(&say.to).is_empty()) else { return };
    let pair = (say.from.clone(), say.to.clone());
    let reply = exchange.with(|state| match keyword {
        Keyword::Stop => {
            let room = state.opted_out.len() < OPT_OUTS_KEPT;
            let new = room && state.opted_out.insert(pair);
            new.then_some("You will get no more messages from this number. Text START to get them again.")
        }
        Keyword::Start => {
            let back = state.opted_out.remove(&pair);
            back.then_some("You will get messages from this number again. Text STOP to end them.")
        }
        Keyword::Help => {
            let advanced = state.options_of(&say.to).advanced_opt_out;
            advanced.then_some("Text STOP to get no more messages from this number.")
        }
    });
    if let Some(text) = reply {
        answer_handset(exchange, &say.to, &say.from, text, true);
    }
}

/// A message that the handset gets without the REST API.
fn answer_handset(exchange: &Exchange, from: &str, to: &str, body: &str, by_carrier: bool) {
    let now = clock::now();
    let message = Message {
        sid: ids::sid("SM"),
        from: Some(from.to_owned()),
        to: to.to_owned(),
        body: body.to_owned(),
        direction: Direction::OutboundReply,
        status: MessageStatus::Delivered,
        error_code: None,
        media: Vec::new(),
        messaging_service_sid: None,
        segments: segments::count(body),
        created: now,
        updated: now,
        sent: Some(now),
        status_callback: None,
        by_carrier,
    };
    let sid = message.sid.clone();
    exchange.with(|state| state.messages.put(sid.clone(), message));
    exchange.announce_message(&sid);
}

async fn send_webhook(exchange: &Arc<Exchange>, sid: &str, new_token: bool) -> Result<WebhookAnswer, String> {
    let prepared = exchange.with(|state| prepare(state, exchange, sid))?;
    let Some(mut delivery) = prepared else {
        return Ok(WebhookAnswer { status: None, body: String::new(), error: Some("the number has no sms_url".to_owned()) });
    };
    if new_token {
        delivery.token = ids::idempotency_token();
    }
    let outcome = deliver(exchange, &delivery).await;
    if outcome.is_ok() && delivery.event.is_none() {
        obey(exchange, sid, &outcome, &delivery.url);
    }
    Ok(outcome.into())
}

fn prepare(state: &State, exchange: &Exchange, sid: &str) -> Result<Option<Delivery>, String> {
    let message = state
        .messages
        .get(sid)
        .filter(|message| message.direction == Direction::Inbound)
        .ok_or_else(|| format!("there is no inbound message `{sid}`"))?;
    let Some(url) = state.route(&message.to).and_then(|route| route.sms_url.clone()) else {
        return Ok(None);
    };
    if state.carrier_of(&message.to) == Carrier::Telnyx {
        let keyword = Keyword::of(&message.body).filter(|keyword| *keyword != Keyword::Help);
        return Ok(Some(events::received(exchange, state, message, &url, keyword.map(Keyword::as_str))));
    }
    let params = params(state, exchange, message);
    let mut delivery = Delivery::post(Kind::Webhook, &url, sid, params);
    if let Some(token) = state.webhook_tokens.get(sid) {
        delivery.token = token.clone();
    }
    Ok(Some(delivery))
}

/// The parameters of carriers.md 1.3, with the geography nobody asked for.
fn params(state: &State, exchange: &Exchange, message: &Message) -> Vec<(String, String)> {
    let account = &exchange.options.account_sid;
    let from = message.from.clone().unwrap_or_default();
    let mut params = vec![
        ("ToCountry".to_owned(), "US".to_owned()),
        ("MessageSid".to_owned(), message.sid.clone()),
        ("SmsSid".to_owned(), message.sid.clone()),
        ("SmsMessageSid".to_owned(), message.sid.clone()),
        ("AccountSid".to_owned(), account.clone()),
        ("NumMedia".to_owned(), message.media.len().to_string()),
        ("NumSegments".to_owned(), message.segments.to_string()),
        ("SmsStatus".to_owned(), "received".to_owned()),
        ("Body".to_owned(), message.body.clone()),
        ("To".to_owned(), message.to.clone()),
        ("From".to_owned(), from.clone()),
        ("ApiVersion".to_owned(), json::API_VERSION.to_owned()),
    ];
    // A short code or an alphanumeric sender has no place on the map.
    if is_e164(&from) {
        params.extend(geography::params("From"));
    }
    params.extend(geography::params("To").into_iter().filter(|(key, _)| key != "ToCountry"));
    if let Some(number) = from.strip_prefix("whatsapp:+") {
        let own =
            [("ProfileName", PROFILE_NAME), ("WaId", number), ("MessageType", if message.media.is_empty() { "text" } else { "image" })];
        params.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
    if let Some(keyword) = Keyword::of(&message.body).filter(|_| state.options_of(&message.to).advanced_opt_out) {
        params.push(("OptOutType".to_owned(), keyword.as_str().to_owned()));
    }
    for (index, sid) in message.media.iter().enumerate() {
        let kind = state.media.get(sid).map_or("", |media| media.content_type.as_str());
        let base = format!("{}{}", exchange.base_url, exchange.options.house.prefix);
        let url = format!("{base}/{}/Accounts/{account}/Messages/{}/Media/{sid}", json::API_VERSION, message.sid);
        params.push((format!("MediaContentType{index}"), kind.to_owned()));
        params.push((format!("MediaUrl{index}"), url));
    }
    params
}

/// Carries out the `<Message>` verbs of an answer; an answer that is no TwiML goes to the debugger.
fn obey(exchange: &Exchange, sid: &str, outcome: &Outcome, url: &str) {
    if outcome.body.trim().is_empty() || outcome.status == Some(204) {
        return;
    }
    let parsed = Element::parse(&outcome.body).ok().filter(|root| root.name == "Response");
    let Some(root) = parsed else {
        exchange.with(|state| state.debug(12100, "the answer is no TwiML".to_owned(), sid, url));
        return;
    };
    let Some((handset, number)) = exchange.with(|state| {
        let message = state.messages.get(sid)?;
        Some((message.from.clone().unwrap_or_default(), message.to.clone()))
    }) else {
        return;
    };
    for verb in root.elements() {
        match verb.name.as_str() {
            "Message" => {
                let body = verb.elements().find(|child| child.name == "Body");
                let text = body.map_or_else(|| verb.own_text(), Element::all_text);
                answer_handset(exchange, &number, &handset, &text, false);
            }
            "Redirect" => {}
            other => exchange.with(|state| {
                state.debug(12200, format!("<{other}> is no messaging verb"), sid, url);
            }),
        }
    }
}
