//! The machine's owner hears the voicemail, calls the number that it names, keys reference and PIN, and confirms.

use super::Stage;
use super::dispatch::heard;
use super::receipts::confirmed;
use crate::demo::running::LINE_NUMBER;
use anyhow::{Context, ensure};

/// Whose machine answered.
const OWNER: &str = "delta-high-assistant";

/// Plays it.
pub(super) async fn be_called_back(stage: &mut Stage, tip: &str) -> anyhow::Result<()> {
    let Stage { story, world, desk, county, pin, .. } = stage;
    let person = county.person(OWNER)?;
    let reference = desk.get(&format!("/tips/{tip}")).await?["reference"].as_str().context("the tip has no reference")?.to_owned();
    let call = world.dial(&person.phone, LINE_NUMBER).await?;
    let menu = world.key(&call, "1").await?;
    ensure!(menu.contains("press eight"), "the menu does not offer to call back: {menu}");
    world.key(&call, "8").await?;
    world.key(&call, &keys_of(&reference)).await?;
    let wrong = world.key(&call, "0000#").await?;
    ensure!(!wrong.contains("Delta"), "a wrong PIN was told of the report: {wrong}");
    story.saw(&format!("The {} calls back and keys the reference with a wrong PIN: nothing is said of a report", person.role));
    world.key(&call, &keys_of(&reference)).await?;
    let offer = world.key(&call, &format!("{pin}#")).await?;
    ensure!(offer.contains("report for Delta High"), "reference and PIN led to nothing: {offer}");
    world.press(&call, "1").await?;
    confirmed(desk, tip, person, "call", "call_back").await?;
    let calls = world.calls(&person.phone).await?;
    let last = calls.last().with_context(|| format!("there is no call of the {}", person.role))?;
    heard(last, &person.role)?;
    story.saw(&format!("With the right PIN the {} hears that there is a report, presses one and is confirmed", person.role));
    Ok(())
}

/// A reference as it is keyed: each letter by the key that it stands on, without the T.
fn keys_of(reference: &str) -> String {
    const KEYS: [(&str, char); 8] =
        [("ABC", '2'), ("DEF", '3'), ("GHI", '4'), ("JKL", '5'), ("MNO", '6'), ("PQRS", '7'), ("TUV", '8'), ("WXYZ", '9')];
    let key = |c: char| if c.is_ascii_digit() { Some(c) } else { KEYS.iter().find(|(on_it, _)| on_it.contains(c)).map(|(_, key)| *key) };
    reference.chars().skip(1).filter_map(key).collect()
}
