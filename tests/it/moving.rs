//! A deployment moves from its file into PostgreSQL, killed on its way again and again, and goes on there.

use crate::gateway::{TestGateway, until};
use std::process::Stdio;
use std::time::Duration;

/// How often the move is killed.
const KILLS: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_killed_is_run_again_and_proved() {
    let mut gateway = TestGateway::start().await;
    for n in 10..40 {
        assert_eq!(gateway.text(&format!("+155555501{n}"), &format!("text number {n}")).await, 200);
    }
    let tips = until("the tips", || async { Some(gateway.tips().await).filter(|tips| tips.len() == 30) }).await;
    let url = test_kit::database().await.expect("a database");
    let said = |arguments: &[&str]| {
        let output = gateway.run(arguments);
        (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    };
    let (code, text) = said(&["move", "--to", &url]);
    assert!(code == Some(2) && text.contains("is open in another process"), "{text}");
    gateway.terminate().await;

    let said = |arguments: &[&str]| {
        let output = gateway.run(arguments);
        (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    };
    let mut random = fastrand::Rng::with_seed(5);
    let mut killed = 0;
    for _ in 0..KILLS {
        let mut moving = gateway.command(&["move", "--to", &url]);
        let mut child = moving.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // Not a wait for a condition: the moment of the kill is what varies.
        let _ = tokio::time::timeout(Duration::from_millis(random.u64(20..900)), std::future::pending::<()>()).await;
        if child.try_wait().expect("its status").is_some() {
            break;
        }
        child.kill().expect("killed");
        child.wait().expect("gone");
        killed += 1;
    }
    let (code, text) = said(&["move", "--to", &url]);
    assert!(code == Some(0) || text.contains("was moved to"), "after {killed} kills: {text}");
    println!("{killed} kills");
    // The old file refuses, and says where everything went.
    let (code, text) = said(&["migrate"]);
    assert!(code == Some(2) && text.contains("was moved to") && text.contains("--undo-mark"), "{text}");
    let (code, text) = said(&["move", "--to", &url]);
    assert!(code == Some(2) && text.contains("already"), "{text}");
    let (code, text) = said(&["verify"]);
    assert!(code == Some(0), "the file is as it was: {text}");

    gateway.configure(|text| format!("{text}\n[database]\nurl = \"{url}\"\n"));
    gateway.serve().await;
    let moved = gateway.tips().await;
    let ids = |tips: &[serde_json::Value]| tips.iter().map(|tip| tip["id"].to_string()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(ids(&moved), ids(&tips));
    assert_eq!(gateway.text("+15555550142", "and it goes on").await, 200);
    until("the new tip", || async { (gateway.tips().await.len() == 31).then_some(()) }).await;

    // A backup of the server is a file like any other.
    let folder = gateway.folder.join("backups");
    let output = gateway.run(&["backup", &folder.display().to_string()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let backup = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert_eq!(gateway.terminate().await, 0);
    let again = test_kit::database().await.expect("a database");
    let output = gateway.run(&["--database", &again, "restore", &backup]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = gateway.run(&["--database", &again, "verify"]);
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}
