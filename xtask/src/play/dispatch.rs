//! The decision: sorted as Critical, shown who would be told, then told: the PSAP's phone first, and everybody by phone and mail.

use super::Stage;
use super::story::until;
use super::world::spoken;
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What pacing and the carrier may take until everybody was tried.
const ALL_TRIED_WITHIN: Duration = Duration::from_secs(20);

/// Words of the tip that must not leave the console.
pub(super) const CONTENT: [&str; 4] = ["car into a tree", "failing classes", "parking lot", "Suicidal"];

/// Plays it.
pub(super) async fn tell_everybody(stage: &mut Stage, tip: &str) -> anyhow::Result<()> {
    let Stage { story, world, desk, county, .. } = stage;
    let version = desk.get(&format!("/tips/{tip}")).await?["version"].clone();
    let triage = json!({"version": version, "types": ["suicidal-ideation"], "school": "delta-high", "marks": {"safety_issue": true}});
    let sorted = desk.put(&format!("/tips/{tip}/triage"), &triage).await?;
    ensure!(sorted["triage"]["level"] == "critical", "the level did not follow from the type: {}", sorted["triage"]);
    story.saw("Sorted as Suicidal Ideation at Delta High School: the level follows, Critical");

    let plan = desk.get(&format!("/tips/{tip}/plan")).await?;
    let steps = plan["steps"].as_array().context("the plan has no steps")?;
    ensure!(steps[0]["kind"] == "psap" && steps[0]["means"] == "call", "the plan does not begin with the PSAP's call: {}", steps[0]);
    let now = |means: &str| steps.iter().filter(|step| step["standby_until"].is_null() && step["means"] == means).count();
    let (told, calls, mails) = (county.told().len(), now("call"), now("mail"));
    ensure!(calls == told && mails == told, "{told} persons, but {calls} calls and {mails} mails are planned");
    let page = desk.page(&format!("/tips/{tip}/dispatch")).await?;
    ensure!(page.contains(&format!("Call {calls}")) && page.contains(&format!("mail {mails}")), "the page's button does not say how many");
    story.saw(&format!(
        "Who will be told: the PSAP first, {calls} calls and {mails} mails at once, by {}; the district stands by",
        time(&plan["due_at"])
    ));

    let clicked = Instant::now();
    let dispatch = json!({"version": sorted["version"]});
    desk.post(&format!("/tips/{tip}/dispatches"), &dispatch).await?;
    let first = until("the first call", ALL_TRIED_WITHIN, async || Ok(world.all_calls().await?.first().cloned())).await?;
    let psap = county.person("demo-911-desk")?;
    ensure!(first["to"] == psap.phone.as_str(), "the first call did not go to the PSAP");
    story.saw(&format!("Dispatched; the PSAP's phone is the first to be called, {} ms after the click", clicked.elapsed().as_millis()));

    for person in county.told() {
        until(&format!("a call to the {} of {}", person.role, person.organization), ALL_TRIED_WITHIN, async || {
            Ok((!world.calls(&person.phone).await?.is_empty()).then_some(()))
        })
        .await?;
        let mail = until(&format!("a mail to the {} of {}", person.role, person.organization), ALL_TRIED_WITHIN, async || {
            Ok(world.mails(&person.mail).await?.first().cloned())
        })
        .await?;
        free_of_content(&mail.to_string(), &format!("the mail to the {}", person.role))?;
    }
    story.saw(&format!(
        "All {told} were called and mailed {:.1} s after the click; no mail says what the tip is about",
        clicked.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// R6, R18: nothing of the tip is spoken or mailed.
pub(super) fn free_of_content(text: &str, what: &str) -> anyhow::Result<()> {
    match CONTENT.iter().find(|words| text.contains(**words)) {
        Some(words) => anyhow::bail!("{what} holds words of the tip: {words}"),
        None => Ok(()),
    }
}

/// What was spoken on a call, checked to hold nothing of the tip.
pub(super) fn heard(call: &Value, who: &str) -> anyhow::Result<String> {
    let text = spoken(call);
    free_of_content(&text, &format!("the call to the {who}"))?;
    Ok(text)
}

/// The time of day of a time, in UTC.
fn time(value: &Value) -> String {
    let text = value.as_str().unwrap_or("?");
    text.split('T').nth(1).and_then(|rest| rest.get(..8)).map_or_else(|| text.to_owned(), |time| format!("{time} UTC"))
}
