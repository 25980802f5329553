//! The main job, played from the outside over HTTP only: the mock's control API is the world, the console and the API are the
//! analyst.
//!
//! A step is printed when it was *seen* to happen, never when it was asked for. Nothing sleeps for a guessed time: each step waits
//! for its condition with a time-out that fails the play.

mod call_back;
mod county;
mod desk;
mod dispatch;
mod receipts;
mod record;
mod reporter;
mod story;
mod tip;
mod ways;
mod world;

use crate::demo::deployment::Deployment;
use anyhow::Context;
use county::County;
use desk::Desk;
use std::time::Duration;
use story::Story;
use world::World;

/// How long one HTTP request may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// Everything a step needs.
struct Stage {
    story: Story,
    world: World,
    desk: Desk,
    county: County,
    /// The PIN of the person whose machine answers.
    pin: String,
    public: String,
    ops: String,
    client: reqwest::Client,
}

/// Plays everything; an error names the step that was not seen.
pub async fn run(deployment: &Deployment) -> anyhow::Result<()> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(REQUEST_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("make an HTTP client")?;
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let ports = deployment.ports;
    let mut stage = Stage {
        story: Story::begin(),
        world: World::new(client.clone(), at(ports.mock)),
        desk: Desk::log_in(client.clone(), at(ports.staff), &deployment.token).await?,
        county: County::read()?,
        pin: deployment.pins.last().cloned().context("the demo has no PIN")?,
        public: at(ports.public),
        ops: at(ports.ops),
        client,
    };
    stage.world.script(&stage.county).await?;
    let tip = tip::come_and_be_answered(&mut stage).await?;
    dispatch::tell_everybody(&mut stage, &tip).await?;
    receipts::be_confirmed(&mut stage, &tip).await?;
    call_back::be_called_back(&mut stage, &tip).await?;
    record::hold_everything(&mut stage, &tip).await?;
    ways::come_by_every_way(&mut stage).await?;
    stage.story.end();
    Ok(())
}
