//! The end: the student writes once more, the record holds everything in order, nobody else was called, no number was shown.

use super::Stage;
use super::story::until;
use crate::demo::STUDENT;
use crate::demo::running::LINE_NUMBER;
use anyhow::{Context, ensure};
use std::time::Duration;

const LAST_TEXT: &str = "He is walking to the office with the counselor now";

/// What the timeline must say, in this order where it is about the same thing.
const SENTENCES: [&str; 18] = [
    "A tip came by text.",
    "The first words and a return code were given to the reporter.",
    "The tip was taken.",
    "An answer was written to the reporter.",
    "The message to the reporter was delivered.",
    "The reporter wrote again by text.",
    "Sorted as Critical: Suicidal Ideation; Delta High School",
    "Dispatched as Critical:",
    "Calling the 911 Desk of Demo County 911 (attempt 1).",
    "Confirmed by the 911 Desk of Demo County 911: the code was keyed on the call.",
    "Confirmed by the Principal of Delta High School: the code was keyed on the call.",
    "Voicemail left for the Assistant Principal of Delta High School; not confirmed.",
    "The line of the Counselor of Delta High School is busy.",
    "Calling the Counselor of Delta High School (attempt 2).",
    "Confirmed by the Counselor of Delta High School: the code was keyed on the call.",
    "Nobody answered at the School Resource Officer of Delta High School.",
    "A wrong code was entered at the School Resource Officer of Delta High School; not confirmed.",
    "Confirmed by the School Resource Officer of Delta High School: the mail's code was sent from its page.",
];

const SOON: Duration = Duration::from_secs(10);

/// Plays it.
pub(super) async fn hold_everything(stage: &mut Stage, tip: &str) -> anyhow::Result<()> {
    let Stage { story, world, desk, county, ops, client, .. } = stage;
    world.say(STUDENT, LINE_NUMBER, LAST_TEXT).await?;
    until("the student's last text on the page", SOON, async || {
        Ok(desk.page(&format!("/tips/{tip}")).await?.contains(LAST_TEXT).then_some(()))
    })
    .await?;
    story.saw("The student texts once more; it is on the tip's page");

    let mut missing = String::new();
    let held = until("the whole record", SOON, async || {
        let timeline = desk.get(&format!("/tips/{tip}/timeline")).await?;
        let entries = timeline.as_array().context("the timeline is no list")?;
        let said: Vec<&str> = entries.iter().filter_map(|entry| entry["sentence"].as_str()).collect();
        match SENTENCES.iter().find(|wanted| !said.iter().any(|sentence| sentence.contains(**wanted))) {
            Some(wanted) => {
                missing = (*wanted).to_owned();
                Ok(None)
            }
            None => Ok(Some(said.len())),
        }
    })
    .await
    .with_context(|| format!("the record does not hold: {missing}"))?;
    let page = desk.page(&format!("/tips/{tip}/timeline")).await?;
    ensure!(page.contains("Voicemail left for the Assistant Principal"), "the timeline's page does not show the voicemail");
    story.saw(&format!("The record holds all of it: {held} entries, the same on the page and in the API"));

    for person in county.district() {
        ensure!(world.calls(&person.phone).await?.is_empty(), "the {} was called although the school confirmed", person.role);
    }
    story.saw("The district was not called: the school was reached");

    let ready = client.get(format!("{ops}/readyz")).send().await.context("ask for readiness")?;
    ensure!(ready.status().is_success(), "the gateway is not ready: every promise must have a timer");
    let wrong = world.debugger().await?;
    ensure!(wrong.is_empty(), "the carrier complains: {wrong:?}");
    story.saw("Every open promise has its timer, and the carrier has no complaint about any answer");

    let number = STUDENT.trim_start_matches('+');
    for written in [number, &number[1..], "555-0142", "5550142"] {
        let shown = desk.shown_with(written);
        ensure!(shown.is_empty(), "the student's number is shown at {shown:?}");
    }
    story.saw(&format!("The student's number is in none of {} pages and answers that the analyst saw", desk.shown_count()));
    Ok(())
}
