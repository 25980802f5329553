//! Twilio's official Python and Node libraries against the mock, when they are installed.
//! `TIPLINE_SDK_PYTHON` names an interpreter with `twilio`, `TIPLINE_SDK_NODE_PATH` a node_modules folder.

use std::process::Command;

use mock_carriers::voice::behaviour::Behaviour;

use crate::gateway::{OURS, THEIRS, World};

async fn run(world: &World, mut command: Command) {
    command
        .env("MOCK_BASE_URL", world.mock.base_url())
        .env("MOCK_ACCOUNT_SID", world.mock.account_sid())
        .env("MOCK_AUTH_TOKEN", world.mock.auth_token())
        .env("MOCK_FROM", OURS)
        .env("MOCK_TO", THEIRS)
        .env("MOCK_GATEWAY", &world.gateway);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}\n{error}");
    assert!(text.contains("all checks passed"), "{text}\n{error}");
}

async fn world() -> World {
    let world = World::start().await;
    world.answer("/twiml", "<Record action=\"/after\"/>");
    world.answer("/after", "<Hangup/>");
    let human = Behaviour { say: Some("one two three".into()), ..Behaviour::human("none") };
    world.control.behave(THEIRS, vec![human]).await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twilios_python_library() {
    let Ok(python) = std::env::var("TIPLINE_SDK_PYTHON") else {
        eprintln!("skipped: TIPLINE_SDK_PYTHON is not set");
        return;
    };
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/check.py"));
    run(&world().await, command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twilios_node_library() {
    let Ok(modules) = std::env::var("TIPLINE_SDK_NODE_PATH") else {
        eprintln!("skipped: TIPLINE_SDK_NODE_PATH is not set");
        return;
    };
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/check.js")).env("NODE_PATH", modules);
    run(&world().await, command).await;
}
