//! The first half: a student texts, is answered at once, is on the analyst's page, and the two write to each other.

use super::Stage;
use super::story::until;
use crate::demo::STUDENT;
use crate::demo::running::LINE_NUMBER;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The first example of the procedures, in a student's words.
const FIRST_TEXT: &str =
    "My friend at Delta High is failing classes and says he doesn't care about his life. He said he will drive his car into a tree.";
const REPLY: &str = "Thank you for telling us. Do you know where he is now?";
const ANSWER: &str = "He is in the parking lot by the gym";

/// The procedures' promise to the analyst's page.
const ON_THE_PAGE_WITHIN: Duration = Duration::from_secs(1);

/// What a carrier and the lanes may take.
const SOON: Duration = Duration::from_secs(10);

/// Plays it; gives the tip's id.
pub(super) async fn come_and_be_answered(stage: &mut Stage) -> anyhow::Result<String> {
    let Stage { story, world, desk, .. } = stage;
    let texted = Instant::now();
    let status = world.say(STUDENT, LINE_NUMBER, FIRST_TEXT).await?;
    ensure!(status == 200, "the signed webhook was answered with {status}");
    story.saw("A student texts; the signed webhook is answered 200: the tip is durable");

    let left = until("the tip on the inbox page", ON_THE_PAGE_WITHIN, async || {
        let page = desk.page("/").await?;
        Ok(if page.contains("Delta High is failing classes") { time_left(&page) } else { None })
    })
    .await?;
    let after = texted.elapsed();
    ensure!(after < ON_THE_PAGE_WITHIN, "the page showed the tip only after {after:?}");
    story.saw(&format!("It is on the analyst's inbox page after {} ms, with \"{left}\"", after.as_millis()));

    let first = until("the first words on the handset", SOON, async || Ok(outbound(&world.handset(STUDENT).await?, "911"))).await?;
    ensure!(first.contains("988"), "the first words do not name 988: {first}");
    ensure!(!first.to_lowercase().contains("anonymous"), "the first words promise too much: {first}");
    let code = return_code(&first).with_context(|| format!("the first words hold no return code: {first}"))?;
    story.saw("The student's handset shows the first words, with 911, 988 and a return code");

    let inbox = desk.get("/tips").await?;
    let id = inbox["tips"][0]["id"].as_str().context("the API lists no tip")?.to_owned();
    let alias = inbox["tips"][0]["alias"].as_str().unwrap_or_default().to_owned();
    ensure!(inbox["tips"].as_array().is_some_and(|tips| tips.len() == 1), "there is more than one tip: {inbox}");
    desk.post(&format!("/tips/{id}/claim"), &Value::Null).await?;
    desk.post(&format!("/tips/{id}/replies"), &json!({"text": REPLY})).await?;
    until("the analyst's answer on the handset", SOON, async || Ok(outbound(&world.handset(STUDENT).await?, REPLY))).await?;
    story.saw(&format!("The analyst takes the tip of {alias} and answers; the handset shows it"));

    world.say(STUDENT, LINE_NUMBER, ANSWER).await?;
    until("the student's answer on the tip's page", SOON, async || {
        let page = desk.page(&format!("/tips/{id}")).await?;
        Ok(page.contains(ANSWER).then_some(()))
    })
    .await?;
    let shown = desk.shown_with(&code);
    ensure!(shown.is_empty(), "the return code is shown to staff at {shown:?}");
    story.saw("The student answers; the same conversation shows it, and the return code nowhere");
    Ok(id)
}

/// The first text from the gateway on a handset that holds this.
pub(super) fn outbound(messages: &[Value], text: &str) -> Option<String> {
    let ours = messages.iter().filter(|message| message["direction"] != "inbound").filter_map(|message| message["body"].as_str());
    ours.map(str::to_owned).find(|body| body.contains(text))
}

/// "19:58 left", from the inbox page.
fn time_left(page: &str) -> Option<String> {
    let at = page.find(" left")?;
    let start = page[..at].rfind('>')? + 1;
    Some(page[start..at + " left".len()].trim().to_owned())
}

/// The code at the end of the first words.
fn return_code(words: &str) -> Option<String> {
    let code = words.rsplit(':').next()?.trim();
    let is_code = code.chars().filter(char::is_ascii_digit).count() == 16 && code.chars().all(|c| c.is_ascii_digit() || c.is_whitespace());
    is_code.then(|| code.to_owned())
}
