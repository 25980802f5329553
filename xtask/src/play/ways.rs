//! The second part: every way in. A call, a mail, the chat, the web form and WhatsApp each open a tip and get their answer; and
//! one conversation goes on from the phone's texts to the web page to the keypad.

use super::Stage;
use super::desk::Desk;
use super::reporter::{Chat, Pages};
use super::story::until;
use super::tip::outbound;
use crate::demo::running::LINE_NUMBER;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::time::Duration;

const CALLER: &str = "+15555550151";
const STUDENT: &str = "whatsapp:+15555550152";
const TEXTER: &str = "+15555550153";
const MAILER: &str = "student@example.org";
/// What a mailbox's server, a recording or a lane may take.
const SOON: Duration = Duration::from_secs(20);

/// Plays all of them.
pub(super) async fn come_by_every_way(stage: &mut Stage) -> anyhow::Result<()> {
    by_phone(stage).await?;
    by_mail(stage).await?;
    by_chat(stage).await?;
    by_web(stage).await?;
    by_whatsapp(stage).await?;
    from_text_to_web_to_keypad(stage).await
}

async fn by_phone(stage: &mut Stage) -> anyhow::Result<()> {
    let Stage { story, world, desk, .. } = stage;
    let call = world.dial(CALLER, LINE_NUMBER).await?;
    let greeting = world.prompt(&call).await?;
    ensure!(greeting.contains("nine, one, one"), "the greeting does not say 911: {greeting}");
    world.key(&call, "1").await?;
    world.key(&call, "1").await?;
    let told = world.leave(&call, "there is a gun in a backpack on the bus to Bravo Middle").await?;
    let code = spoken_code(&told)?;
    world.hang_up(&call).await?;
    let id = tip_with(desk, "gun in a backpack").await?;
    story.saw("A student calls, hears who could learn of it, leaves a message after the tone and is read a code, twice");
    desk.post(&format!("/tips/{id}/replies"), &json!({"text": "Which bus is it?"})).await?;
    let call = world.dial(CALLER, LINE_NUMBER).await?;
    world.key(&call, "1").await?;
    world.key(&call, "3").await?;
    let answers = world.key(&call, &code).await?;
    ensure!(answers.contains("Which bus is it?"), "the answer is not read out: {answers}");
    world.key(&call, "1").await?;
    world.leave(&call, "the yellow one number seven").await?;
    world.hang_up(&call).await?;
    said_in(desk, &id, "number seven").await?;
    story.saw("The caller calls again, keys the code, hears the analyst's answer and leaves another message: one conversation");
    Ok(())
}

async fn by_mail(stage: &mut Stage) -> anyhow::Result<()> {
    let Stage { story, world, desk, .. } = stage;
    let words = "They sell marijuana in the bathroom at Alpha Middle";
    world.mail(MAILER, "please read", &format!("{words}.\n\n-- \nSent from my phone")).await?;
    let id = tip_with(desk, words).await?;
    let first = until("the first words by mail", SOON, async || Ok(world.mails(MAILER).await?.into_iter().next())).await?;
    ensure!(first.to_string().contains("988"), "the first words do not name 988: {first}");
    story.saw("A student mails the tip line; the tip has the words without the signature, and the first words are mailed back");
    desk.post(&format!("/tips/{id}/replies"), &json!({"text": "At what time?"})).await?;
    until("the answer by mail", SOON, async || {
        Ok(world.mails(MAILER).await?.into_iter().find(|mail| mail.to_string().contains("At what time?")))
    })
    .await?;
    story.saw("The analyst's answer goes back by mail");
    Ok(())
}

async fn by_chat(stage: &mut Stage) -> anyhow::Result<()> {
    let Stage { story, desk, public, .. } = stage;
    let mut chat = Chat::open(public).await?;
    let words = "They shoved him and called him slurs at Charlie High";
    chat.say("m-1", words).await?;
    chat.hear("code").await?;
    let id = tip_with(desk, words).await?;
    desk.post(&format!("/tips/{id}/replies"), &json!({"text": "Is he safe now?"})).await?;
    until_heard(&mut chat, "Is he safe now?").await?;
    chat.say("m-2", "yes he went home").await?;
    said_in(desk, &id, "went home").await?;
    story.saw("A student opens the chat: acknowledged after the commit, answered live, answered again");
    Ok(())
}

async fn by_web(stage: &mut Stage) -> anyhow::Result<()> {
    let Stage { story, desk, public, client, .. } = stage;
    let mut pages = Pages::new(client.clone(), public.clone());
    pages.open("/write").await?;
    let words = "Lunch was cold again";
    pages.send("/write", "send", &[("what", words), ("where", "Delta Elementary School"), ("now", "no")]).await?;
    let code = pages.code()?;
    let id = tip_with(desk, words).await?;
    story.saw("A student fills in the web form without scripts or cookies and is shown a code");
    desk.post(&format!("/tips/{id}/replies"), &json!({"text": "Which days?"})).await?;
    pages.open("/return").await?;
    pages.send("/return", "open", &[("code", &code)]).await?;
    ensure!(pages.page().contains("Which days?"), "the answer is not on the page");
    pages.send("/return", "send", &[("what", "All of this week")]).await?;
    said_in(desk, &id, "All of this week").await?;
    story.saw("The code opens the conversation again; the answer waits there, and the student answers");
    Ok(())
}

async fn by_whatsapp(stage: &mut Stage) -> anyhow::Result<()> {
    let Stage { story, world, desk, .. } = stage;
    let status = world.say(STUDENT, &format!("whatsapp:{LINE_NUMBER}"), "Bravo Middle smells funny").await?;
    ensure!(status == 200, "the webhook was answered with {status}");
    tip_with(desk, "smells funny").await?;
    until("the first words on WhatsApp", SOON, async || Ok(outbound(&world.handset(STUDENT).await?, "988"))).await?;
    story.saw("A student writes by WhatsApp through the same adapter and is answered there");
    Ok(())
}

async fn from_text_to_web_to_keypad(stage: &mut Stage) -> anyhow::Result<()> {
    let Stage { story, world, desk, public, client, .. } = stage;
    world.say(TEXTER, LINE_NUMBER, "They planned it at lunch").await?;
    let first = until("the first words", SOON, async || Ok(outbound(&world.handset(TEXTER).await?, "988"))).await?;
    let code: String = first.rsplit(':').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let id = tip_with(desk, "planned it at lunch").await?;
    let mut pages = Pages::new(client.clone(), public.clone());
    pages.open("/return").await?;
    pages.send("/return", "open", &[("code", &code)]).await?;
    pages.send("/return", "send", &[("what", "It is for Friday")]).await?;
    let call = world.dial(TEXTER, LINE_NUMBER).await?;
    world.key(&call, "1").await?;
    world.key(&call, "3").await?;
    world.key(&call, &code).await?;
    world.key(&call, "1").await?;
    world.leave(&call, "my brother knows").await?;
    world.hang_up(&call).await?;
    said_in(desk, &id, "brother knows").await?;
    let tip = desk.get(&format!("/tips/{id}")).await?;
    let channels: Vec<&str> = theirs(&tip).filter_map(|message| message["channel"].as_str()).collect();
    ensure!(channels == ["text", "web", "voice"], "not one conversation in order: {channels:?}");
    story.saw("A conversation begun by text goes on on the web page and then by keypad: one conversation, in order");
    world.say(TEXTER, LINE_NUMBER, "STOP").await?;
    until("the way back closed", SOON, async || {
        let tip = desk.get(&format!("/tips/{id}")).await?;
        Ok((tip["way_back"] == "opted_out").then_some(()))
    })
    .await?;
    story.saw("STOP closes only the way back: it is stored, and the analyst sees what ways remain");
    Ok(())
}

fn theirs(tip: &Value) -> impl Iterator<Item = &Value> {
    tip["messages"].as_array().into_iter().flatten().filter(|message| message["author"] == "reporter")
}

/// The id of the tip in which this was said.
async fn tip_with(desk: &Desk, words: &str) -> anyhow::Result<String> {
    until(&format!("a tip that says \"{words}\""), SOON, async || {
        let inbox = desk.get("/tips").await?;
        for tip in inbox["tips"].as_array().into_iter().flatten() {
            let id = tip["id"].as_str().context("a tip has no id")?;
            if desk.get(&format!("/tips/{id}")).await?["messages"].to_string().contains(words) {
                return Ok(Some(id.to_owned()));
            }
        }
        Ok(None)
    })
    .await
}

async fn said_in(desk: &Desk, id: &str, words: &str) -> anyhow::Result<()> {
    until(&format!("\"{words}\" in the tip"), SOON, async || {
        Ok(desk.get(&format!("/tips/{id}")).await?["messages"].to_string().contains(words).then_some(()))
    })
    .await
}

async fn until_heard(chat: &mut Chat, words: &str) -> anyhow::Result<()> {
    loop {
        if chat.hear("message").await?["text"] == words {
            return Ok(());
        }
    }
}

/// The code as it was read out: four groups of four digits, each said twice.
fn spoken_code(heard: &str) -> anyhow::Result<String> {
    const NAMES: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let digit = |word: &str| NAMES.iter().position(|name| *name == word.trim_matches([',', '.'])).map(|digit| digit.to_string());
    let group = |line: &str| line.split_whitespace().map(digit).collect::<Option<Vec<_>>>().filter(|digits| digits.len() == 4);
    let groups: Vec<String> = heard.lines().filter_map(group).map(|digits| digits.concat()).collect();
    ensure!(groups.len() == 8 && groups[..4] == groups[4..], "the code is not read out twice: {heard}");
    Ok(groups[..4].concat())
}
