//! Who confirms and who does not: persons who key the code and the mail's page do; a machine, a busy line and a scanner do not.

use super::Stage;
use super::county::Person;
use super::desk::Desk;
use super::dispatch::heard;
use super::story::{Story, until};
use super::world::{World, keyed};
use anyhow::{Context, ensure};
use reqwest::{Client, Method};
use serde_json::Value;
use std::time::Duration;

/// What ringing, speaking, keying and coming back may take.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(30);

/// Plays it.
pub(super) async fn be_confirmed(stage: &mut Stage, tip: &str) -> anyhow::Result<()> {
    let Stage { story, world, desk, county, public, client, .. } = stage;
    for key in ["demo-911-desk", "delta-high-principal"] {
        keys_the_code(story, world, desk, tip, county.person(key)?).await?;
    }
    machine(story, world, desk, tip, county.person("delta-high-assistant")?).await?;
    busy(story, world, desk, tip, county.person("delta-high-counselor")?).await?;
    mail(story, world, desk, tip, county.person("delta-high-officer")?, client, public).await
}

/// A person hears that there is a report and keys the spoken code.
async fn keys_the_code(story: &mut Story, world: &World, desk: &Desk, tip: &str, person: &Person) -> anyhow::Result<()> {
    let role = &person.role;
    confirmed(desk, tip, person, "call", "keypad").await?;
    let calls = world.calls(&person.phone).await?;
    let call = calls.last().with_context(|| format!("there is no call to the {role}"))?;
    let text = heard(call, role)?;
    ensure!(text.contains("Safe2Help Illinois") && text.contains("report for"), "the {role} did not hear what it is about: {text}");
    let digits = keyed(call);
    ensure!(!digits.is_empty(), "the {role} keyed nothing");
    story.saw(&format!("The {role} hears that there is a report, keys {digits} and is confirmed"));
    Ok(())
}

/// A machine answers: a voicemail after the beep, no confirmation.
async fn machine(story: &mut Story, world: &World, desk: &Desk, tip: &str, person: &Person) -> anyhow::Result<()> {
    let role = &person.role;
    until(&format!("a voicemail for the {role}"), CONFIRMED_WITHIN, async || {
        let call = obligation(desk, tip, person, "call").await?;
        Ok((call["rung"] == "voicemail").then_some(()))
    })
    .await?;
    let call = world.calls(&person.phone).await?.first().cloned().context("no call to the machine")?;
    let lines = call["transcript"].as_array().cloned().unwrap_or_default();
    let beep =
        lines.iter().position(|line| line["text"].as_str().is_some_and(|text| text.contains("beep"))).context("no beep was heard")?;
    let left: String = lines[beep..].iter().filter(|line| line["who"] == "gateway").filter_map(|line| line["text"].as_str()).collect();
    super::dispatch::free_of_content(&left, "the voicemail")?;
    ensure!(left.contains("T-") || left.to_lowercase().contains("reference"), "the voicemail names no reference: {left}");
    let state = obligation(desk, tip, person, "call").await?;
    ensure!(state["confirmed_at"].is_null() && state["state"] != "satisfied", "a machine counted as a confirmation: {state}");
    story.saw(&format!("The {role}'s machine gets a voicemail after the beep, with the reference, and is not confirmed"));
    Ok(())
}

/// The line is busy; it is called again and then a person confirms.
async fn busy(story: &mut Story, world: &World, desk: &Desk, tip: &str, person: &Person) -> anyhow::Result<()> {
    let role = &person.role;
    let first = until(&format!("a busy signal from the {role}"), CONFIRMED_WITHIN, async || {
        Ok(world.calls(&person.phone).await?.first().filter(|call| call["status"] == "busy").cloned())
    })
    .await?;
    ensure!(keyed(&first).is_empty(), "somebody keyed on a busy line");
    story.saw(&format!("The {role}'s line is busy"));
    until(&format!("a second call to the {role}"), CONFIRMED_WITHIN, async || {
        Ok((world.calls(&person.phone).await?.len() > 1).then_some(()))
    })
    .await?;
    confirmed(desk, tip, person, "call", "keypad").await?;
    story.saw(&format!("The {role} is called again, keys the code and is confirmed"));
    Ok(())
}

/// A scanner fetches the mail's link, somebody types a wrong code: nothing. The printed code confirms.
async fn mail(
    story: &mut Story,
    world: &World,
    desk: &Desk,
    tip: &str,
    person: &Person,
    client: &Client,
    public: &str,
) -> anyhow::Result<()> {
    let role = &person.role;
    let mail = world.mails(&person.mail).await?.first().cloned().with_context(|| format!("no mail to the {role}"))?;
    let text = mail["text"].as_str().context("the mail has no text")?;
    let link = mail["links"][0].as_str().context("the mail has no link")?.to_owned();
    let code = text.lines().find_map(|line| line.strip_prefix("Code:")).context("the mail has no code")?.trim().to_owned();
    ensure!(link.starts_with(public), "the link does not go to the public origin");
    ensure!(!link.contains(&code), "the link holds the code");
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let answer = client.request(method, &link).send().await.context("fetch the link")?;
        ensure!(answer.status().is_success(), "the receipt page answered {}", answer.status());
    }
    unconfirmed(desk, tip, person).await?;
    story.saw(&format!("A scanner fetches the link in the {role}'s mail by GET and HEAD: nothing is confirmed"));
    let wrong: String =
        code.chars().map(|c| c.to_digit(10).map_or(c, |digit| char::from_digit((digit + 1) % 10, 10).unwrap_or(c))).collect();
    client.post(&link).form(&[("code", &wrong)]).send().await.context("post a wrong code")?;
    unconfirmed(desk, tip, person).await?;
    story.saw("A wrong code posted to the page confirms nothing");
    let answer = client.post(&link).form(&[("code", &code)]).send().await.context("post the code")?;
    ensure!(answer.status().is_success() || answer.status().is_redirection(), "the printed code was answered with {}", answer.status());
    confirmed(desk, tip, person, "mail", "mail_page").await?;
    story.saw(&format!("The {role} posts the code printed in the mail and is confirmed"));
    Ok(())
}

pub(super) async fn confirmed(desk: &Desk, tip: &str, person: &Person, means: &str, how: &str) -> anyhow::Result<()> {
    until(&format!("the {} confirmed by {how}", person.role), CONFIRMED_WITHIN, async || {
        let seen = obligation(desk, tip, person, means).await?;
        Ok((seen["state"] == "satisfied" && seen["state_detail"] == how && !seen["confirmed_at"].is_null()).then_some(()))
    })
    .await
}

async fn unconfirmed(desk: &Desk, tip: &str, person: &Person) -> anyhow::Result<()> {
    for means in ["call", "mail"] {
        let seen = obligation(desk, tip, person, means).await?;
        let confirmed = !seen["confirmed_at"].is_null() || seen["rung"] == "confirmed";
        ensure!(!confirmed, "the {} counts as confirmed: {seen}", person.role);
    }
    Ok(())
}

/// What the API says about telling this person by this means.
async fn obligation(desk: &Desk, tip: &str, person: &Person, means: &str) -> anyhow::Result<Value> {
    let dispatches = desk.get(&format!("/tips/{tip}/dispatches")).await?;
    let all = dispatches[0]["obligations"].as_array().cloned().context("the dispatch has no obligations")?;
    let wanted = |one: &Value| one["role"] == person.role.as_str() && one["means"] == means;
    all.into_iter().find(wanted).with_context(|| format!("nothing was promised to the {} by {means}", person.role))
}
