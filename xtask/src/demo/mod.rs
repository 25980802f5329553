//! `cargo xtask demo`: a whole tip line on this machine, in two processes, with a demo county.
//!
//! Everything it makes lies in `target/demo`. It runs until Ctrl-C; with `--play` it plays the main job by itself on free
//! ports, in a folder of its own, and ends what it started.

pub mod deployment;
pub mod ports;
pub mod running;

use crate::{play, workspace};
use anyhow::Context;
use deployment::{Deployment, LOGINS, WITH_PIN};
use ports::Ports;
use running::{Both, LINE_NUMBER, Pace, SECOND_NUMBER};

/// The student of the demo.
pub const STUDENT: &str = "+15555550142";

#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Play the main job from the outside, print each step as it is seen, and end.
    #[arg(long)]
    play: bool,
    /// Go on with the data of the run before instead of starting afresh; with --play: leave the folder.
    #[arg(long)]
    keep: bool,
    /// Take seven ports from this one on, instead of 8080, 8081, 9464, 9090, 2525, 1143 and 9091.
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
    /// The programs as they were built last, whatever has changed since.
    #[arg(long)]
    as_built: bool,
}

/// Runs the demo.
pub fn run(demo: &Demo) -> anyhow::Result<()> {
    let ports = match (demo.port_base, demo.play) {
        (Some(base), _) => Ports::from_base(base)?,
        (None, true) => Ports::free()?,
        (None, false) => Ports::USUAL,
    };
    ports.must_be_free()?;
    if !demo.as_built {
        workspace::build()?;
    }
    let name = if demo.play { format!("demo-play-{}", std::process::id()) } else { "demo".to_owned() };
    let folder = workspace::target().join(name);
    let deployment = Deployment::make(folder, ports, demo.keep && !demo.play)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async { if demo.play { play_it(&deployment, demo.keep).await } else { stay(&deployment).await } })
}

/// Runs until Ctrl-C, or until one of the programs dies.
async fn stay(deployment: &Deployment) -> anyhow::Result<()> {
    let mut both = Both::start(deployment, Pace::Usual).await?;
    print_table(deployment);
    let ended = tokio::select! {
        () = told_to_end() => Ok(()),
        error = both.gateway.death() => Err(error),
        error = both.mock.death() => Err(error),
    };
    println!("\nEnding …");
    both.end().await;
    ended
}

/// Plays the main job; the folder stays when something was not seen to happen.
async fn play_it(deployment: &Deployment, keep: bool) -> anyhow::Result<()> {
    let mut both = Both::start(deployment, Pace::Quick).await?;
    let played = tokio::select! {
        played = play::run(deployment) => played,
        () = told_to_end() => Err(anyhow::anyhow!("interrupted")),
        error = both.gateway.death() => Err(error),
        error = both.mock.death() => Err(error),
    };
    let tail = both.gateway.tail();
    both.end().await;
    match played {
        Ok(()) if !keep => std::fs::remove_dir_all(&deployment.folder).with_context(|| format!("remove {}", deployment.folder.display())),
        Ok(()) => Ok(()),
        Err(error) => Err(error.context(format!("the gateway's log ends:\n{tail}\nEverything is left in {}", deployment.folder.display()))),
    }
}

async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminate.recv() => {} }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

fn print_table(deployment: &Deployment) {
    let Ports { public, staff, ops, mock, telnyx, smtp, imap } = deployment.ports;
    let phones = [(STUDENT, "Student"), ("+15555550106", "Principal"), ("+15555550101", "PSAP")];
    let encoded = |number: &str| number.replace('+', "%2B");
    let numbers: Vec<String> = phones.iter().map(|(number, _)| encoded(number)).collect();
    let labels: Vec<&str> = phones.iter().map(|(_, label)| *label).collect();
    println!("\nThe tip line runs. Students text or call {LINE_NUMBER}, mail tips@example.org, or write on the public site.\n");
    for (what, value) in [
        ("Handsets", format!("http://127.0.0.1:{mock}/handset?numbers={}&labels={}", numbers.join(","), labels.join(","))),
        ("Console", format!("http://127.0.0.1:{staff}/")),
        ("Mail inbox", format!("http://127.0.0.1:{mock}/inbox")),
        ("Faults", format!("http://127.0.0.1:{mock}/faults (there a whole carrier can be dead)")),
        ("Second carrier", format!("http://127.0.0.1:{telnyx}, texts and calls from {SECOND_NUMBER}")),
        ("API", format!("http://127.0.0.1:{staff}/api/v1/openapi.json")),
        ("API token", deployment.token.clone()),
        ("Public site", format!("http://127.0.0.1:{public}/")),
        ("Health", format!("http://127.0.0.1:{ops}/readyz, /metrics")),
        ("Mail server", format!("127.0.0.1:{smtp}, mailbox 127.0.0.1:{imap}")),
        ("Logs", format!("{}/*.log", deployment.folder.display())),
    ] {
        println!("  {what:<12} {value}");
    }
    println!();
    for (login, _, role, password) in LOGINS {
        println!("  {:<12} {login} / {password}", format!("As {role}"));
    }
    for (person, pin) in WITH_PIN.iter().zip(&deployment.pins) {
        println!("  {:<12} {person} / {pin}", "PIN");
    }
    println!("\nText something as the student, sort it at the console as Critical for Delta High School, and let the phones ring.");
    println!("Ctrl-C ends both programs.");
}
