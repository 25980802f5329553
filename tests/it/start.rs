//! Starting: what is refused, in one sentence that names the thing and the fix, with exit code 2.

use crate::gateway::TestGateway;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

fn refused(output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let lines: Vec<_> = said.lines().filter(|line| line.starts_with("tipline:")).collect();
    assert_eq!(lines.len(), 1, "one sentence: {said}");
    for part in parts {
        assert!(lines[0].contains(part), "{part:?} is named in: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_missing_key_is_refused_and_never_replaced() {
    let gateway = TestGateway::prepare(&[]).await;
    let path = gateway.folder.join("master.key");
    let right = fs::read_to_string(&path).expect("the key");
    fs::remove_file(&path).expect("no key");
    refused(&gateway.run(&["serve"]), &["master key", "master.key", "keygen"]);
    assert!(!path.exists(), "no key was made in silence");
    fs::write(&path, "bm90IGEga2V5").expect("a short key");
    refused(&gateway.run(&["serve"]), &["32 bytes", "master.key"]);
    fs::write(&path, "A".repeat(43) + "=").expect("another key");
    refused(&gateway.run(&["serve"]), &["not the key that sealed this database"]);
    let kept = gateway.run(&["keygen", "--out", &path.display().to_string()]);
    assert_eq!(kept.status.code(), Some(2), "keygen replaces nothing");
    fs::write(&path, right).expect("the right key");
    assert!(gateway.run(&["check-config"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_operator_are_named() {
    let gateway = TestGateway::prepare(&[]).await;
    let config = gateway.folder.join("tipline.toml");
    let good = fs::read_to_string(&config).expect("the configuration");
    fs::write(&config, good.replace("[ops]", "[opps]")).expect("a bad key");
    refused(&gateway.run(&["serve"]), &["opps", "ops"]);
    fs::write(&config, &good).expect("the good one");
    let taken = std::net::TcpListener::bind(gateway.staff.trim_start_matches("http://")).expect("the staff port");
    refused(&gateway.run(&["serve"]), &["staff", "listen"]);
    drop(taken);
    let people = gateway.folder.join("people.csv");
    fs::write(&people, "key,organization,name,role,order,phone,extension,mail,text,language,attested_on\nx,nowhere,X,Y,1,12,,a@example.org,no,en,2026-01-01\n").expect("a bad row");
    let organizations = crate::gateway::root().join("config/demo/organizations.csv").display().to_string();
    let output = gateway.run(&["directory", "import", "--organizations", &organizations, "--people", &people.display().to_string()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in ["people.csv:2", "column phone", "nowhere"] {
        assert!(said.contains(part), "{part:?} is named in: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unwritable_folder_is_named() {
    let gateway = TestGateway::prepare(&[]).await;
    let file = gateway.folder.join("a-file");
    fs::write(&file, "").expect("a file where a folder should be");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("read only");
    let output = gateway.command(&["serve"]).env("TIPLINE__DATA__FOLDER", file.join("data")).output().expect("it runs");
    refused(&output, &["data.folder", "a-file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_running_gateway_one_can_read_and_not_write() {
    let gateway = TestGateway::start().await;
    let plan = gateway.run(&["plan", "--school", "delta-high", "--types", "suicidal-ideation"]);
    assert!(plan.status.success(), "{}", String::from_utf8_lossy(&plan.stderr));
    let told = String::from_utf8_lossy(&plan.stdout);
    let (psap, principal) = (told.find("Demo County 911").expect("the PSAP"), told.find("Principal").expect("the principal"));
    assert!(psap < principal, "the PSAP comes first: {told}");
    refused(&gateway.run(&["user", "add", "late", "--name", "Late", "--role", "analyst"]), &["tipline.db", "process"]);
}
