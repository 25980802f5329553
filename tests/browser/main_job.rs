//! The main job, seen and done on pages only: the student's, the principal's and the officer's on the mock's, the analyst's on the
//! console. Two browsers: inside and outside know each other only through gateway and carriers.

use crate::browser::Browser;
use crate::gateway::LINE;
use crate::handset::Handset;
use crate::stage::{ANALYST, Stage, sort};
use serde_json::json;

const STUDENT: &str = "+15555550142";
const PSAP: &str = "+15555550101";
const WATCH: &str = "+15555550102";
const LIAISON: &str = "+15555550103";
const PRINCIPAL: &str = "+15555550106";
const ASSISTANT: &str = "+15555550107";
const OFFICER: &str = "+15555550108";
const COUNSELOR: &str = "+15555550109";
const OFFICER_MAIL: &str = "officer.delta-high@example.org";

const WORDS: &str = "My friend says he will drive his car into a tree after school today. He is not joking.";
const QUESTION: &str = "Thank you for telling us. Is he at school now, and do you know which car?";
const ANSWER: &str = "Yes he is in the gym. A blue pickup in the back lot.";

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_is_played_on_pages_alone() {
    let stage = Stage::start().await;
    let console = stage.driver.open().await;
    let outside = stage.driver.open().await;

    stage.log_in(&console, ANALYST).await;
    console.sees("No open tips").await;
    console.until("the page is live", "return document.getElementById('live').textContent === 'Live'").await;
    open_phones(&stage, &outside).await;

    comes_live(&console, &outside).await;
    talk(&console, &outside).await;
    decide(&console).await;
    confirm_by_keypad(&console, &outside).await;
    a_machine_and_a_busy_line_confirm_nothing(&console, &outside).await;
    confirm_by_mail(&stage, &console, &outside).await;

    console.click("//a[normalize-space()='Timeline']").await;
    console.sees("Everything that happened, in order.").await;
    let timeline = console.text().await.to_lowercase();
    for words in ["voicemail left", "busy", "confirmed"] {
        assert!(timeline.contains(words), "the timeline does not say “{words}”: {timeline}");
    }
    assert!(!timeline.contains("5550142"), "the student's number is on a page");
}

/// Every phone of the story side by side, and what the next calls to them meet.
async fn open_phones(stage: &Stage, outside: &Browser) {
    let numbers = [STUDENT, PSAP, WATCH, LIAISON, PRINCIPAL, ASSISTANT, OFFICER, COUNSELOR].map(|number| number.replace('+', "%2B"));
    let labels = "Student,911 Desk,Watch Desk,Liaison,Principal,Assistant,Officer,Counselor";
    outside.go(&stage.outside(&format!("/handset?numbers={}&labels={labels}", numbers.join(",")))).await;
    outside.sees("Live. Calls to these phones ring here.").await;
    for number in [PSAP, WATCH, LIAISON] {
        Handset::on(outside, number).calls_meet("Answered, the code is keyed").await;
    }
    Handset::on(outside, ASSISTANT).calls_meet("A machine answers").await;
    Handset::on(outside, OFFICER).calls_meet("Nobody answers").await;
    Handset::on(outside, COUNSELOR).calls_meet("Busy").await;
}

/// The student texts; the open inbox shows it, with the time left, within a second and without being loaded again.
async fn comes_live(console: &Browser, outside: &Browser) {
    console
        .run(
            "window.stayed = true; const look = () => { if (document.querySelector('[data-row]')) window.came ??= Date.now(); };
             new MutationObserver(look).observe(document.body, { childList: true, subtree: true });",
        )
        .await;
    outside.run("document.addEventListener('submit', () => { window.sent ??= Date.now(); }, true)").await;
    Handset::on(outside, STUDENT).text(WORDS).await;
    let came = console.until("the tip in the inbox", "return window.came").await;
    let sent = outside.run("return window.sent").await;
    let took = came.as_i64().unwrap_or_default() - sent.as_i64().unwrap_or_default();
    println!("from the student's Send to the open inbox: {took} ms");
    assert!(took < 1000, "it took {took} ms until the inbox showed the tip");
    assert_eq!(console.run("return window.stayed").await, json!(true), "the inbox was loaded again");
    console.sees("drive his car into a tree").await;
    let left = console.run("return document.querySelector('.row .when .left').textContent").await;
    let left = left.as_str().unwrap_or_default();
    assert!(left.starts_with("19:5") || left.starts_with("20:00"), "the row does not say the time left: {left}");
    assert!(left.ends_with(" left"), "{left}");
    console.sees("Not yet sorted").await;
}

/// Question and answer, each seen on the other side without loading a page again.
async fn talk(console: &Browser, outside: &Browser) {
    let student = Handset::on(outside, STUDENT);
    let first = student.reads("911").await;
    assert!(first.contains("988"), "the first words do not name 988: {first}");
    assert!(!first.to_lowercase().contains("anonymous"), "the first words promise what a phone cannot: {first}");

    console.click(".row .open").await;
    console.until("the tip's page", "return document.body.dataset.page === 'tip'").await;
    console.sees(WORDS).await;
    console.click("//header[contains(@class,'tiphead')]//button[normalize-space()='Take']").await;
    console.sees("You have this tip").await;
    console.fill("#reply", QUESTION).await;
    console.sees("1 text message").await;
    console.click("//button[normalize-space()='Send answer']").await;
    student.reads(QUESTION).await;
    console.sees(QUESTION).await;
    console
        .until("the answer's delivery", "return document.querySelector('.entry.staff .delivery')?.textContent.includes('elivered')")
        .await;

    console.run("window.stayed = true").await;
    student.text(ANSWER).await;
    console.sees(ANSWER).await;
    assert_eq!(console.run("return window.stayed").await, json!(true), "the tip's page was loaded again");
    let page = console.text().await;
    assert!(!page.contains("5550142") && !page.contains(LINE), "a number is on the tip's page");
}

/// Sorting, the plan with the PSAP first, and the button that says how many.
async fn decide(console: &Browser) {
    sort(console, "Suicidal Ideation", "Delta High School").await;
    console.until("the level followed", "return document.querySelector('.tiphead .level').textContent === 'Critical'").await;
    let first = console.run("return document.querySelector('.telling h3').textContent").await;
    assert!(first.as_str().unwrap_or_default().contains("Demo County 911"), "the plan begins with {first}");
    console.sees("Call 7 and mail 7 people now").await;

    console.click("//a[normalize-space()='See every step and what they will hear']").await;
    console.sees("Who will be told about Delta High School").await;
    let first = console.run("return document.querySelector('.planned-at').innerText").await;
    let first = first.as_str().unwrap_or_default();
    assert!(first.contains("911") && first.contains("to confirm that you have received it"), "{first}");
    for content in ["tree", "car", "gym", "Suicidal"] {
        let said = console.run("return [...document.querySelectorAll('.says')].map((one) => one.textContent).join(' ')").await;
        assert!(!said.as_str().unwrap_or_default().contains(content), "what they will hear has the tip's words: {said}");
    }
    console.click("//a[normalize-space()='Not yet']").await;
    console.until("the tip's page", "return document.body.dataset.page === 'tip'").await;
    console.click("//button[normalize-space()='Call 7 and mail 7 people now']").await;
    console.sees("Who is told").await;
    console.run("window.stayed = true").await;
}

/// The principal's phone rings; what is read there is keyed there.
async fn confirm_by_keypad(console: &Browser, outside: &Browser) {
    let principal = Handset::on(outside, PRINCIPAL);
    principal.accept().await;
    let (heard, code) = principal.hears_the_code().await;
    assert!(heard.contains("Safe2Help Illinois") && heard.contains("urgent report for Delta High School"), "{heard}");
    assert!(!heard.contains("tree") && !heard.contains("reference"), "more than that there is a report: {heard}");
    principal.key(&code).await;
    principal.hears("It is confirmed").await;
    told(console, "Principal of Delta High", "call", "by keypad").await;
    told(console, "Duty Desk of Demo County 911", "call", "by keypad").await;
    principal.is_quiet().await;
    told(console, "Principal of Delta High", "mail", "confirmed").await;
}

/// A voicemail is no confirmation; a busy line is called again.
async fn a_machine_and_a_busy_line_confirm_nothing(console: &Browser, outside: &Browser) {
    let machine = told(console, "Assistant Principal of Delta High", "call", "voicemail left, not confirmed").await;
    println!("the machine: {machine}");
    let busy = told(console, "Counselor of Delta High", "call", "busy").await;
    println!("the busy line: {busy}");
    Handset::on(outside, COUNSELOR).calls_meet("Answered, the code is keyed").await;
    told(console, "Counselor of Delta High", "call", "by keypad").await;
    assert_eq!(console.run("return window.stayed").await, json!(true), "the tip's page was loaded again");
}

/// A scanner opens the link, then a person; only the code sent by the button confirms.
async fn confirm_by_mail(stage: &Stage, console: &Browser, outside: &Browser) {
    outside.go(&stage.outside(&format!("/inbox?to={}", OFFICER_MAIL.replace('@', "%40")))).await;
    outside.click("main table a").await;
    outside.sees("Code:").await;
    let mail = outside.run("return document.querySelector('pre').textContent").await;
    let mail = mail.as_str().unwrap_or_default().to_owned();
    assert!(!mail.contains("tree") && !mail.contains("Suicidal"), "the mail has the tip's words: {mail}");
    let code = mail.lines().find_map(|line| line.strip_prefix("Code:")).expect("a code").trim().to_owned();

    outside.click("//button[normalize-space()='Fetch the links as a scanner would']").await;
    outside.sees("HEAD").await;
    told(console, "School Resource Officer of Delta High", "mail", "not confirmed").await;

    outside.click("main pre a").await;
    outside.sees("There is an urgent report for Delta High School.").await;
    let page = outside.run("return document.documentElement.outerHTML").await;
    assert!(!page.as_str().unwrap_or_default().contains(&code), "the page tells the code that it asks for");
    told(console, "School Resource Officer of Delta High", "mail", "not confirmed").await;

    outside.fill("#code", "AAAA-AAAA").await;
    outside.click("//button[normalize-space()='I have received this']").await;
    outside.until("the refusal", "return document.querySelector('.refusal')").await;
    told(console, "School Resource Officer of Delta High", "mail", "not confirmed").await;

    outside.fill("#code", &code).await;
    outside.click("//button[normalize-space()='I have received this']").await;
    outside.sees("You have confirmed this.").await;
    told(console, "School Resource Officer of Delta High", "mail", "on the mail's page").await;
    told(console, "School Resource Officer of Delta High", "call", "confirmed").await;
    assert_eq!(console.run("return window.stayed").await, json!(true), "the tip's page was loaded again");
}

/// Waits until the living table says this of telling a person on a way; gives the words.
async fn told(console: &Browser, person: &str, way: &str, words: &str) -> String {
    let script = format!(
        "const [person, way, words] = {};
         const head = [...document.querySelectorAll('.telling h5')].find((one) => one.textContent.trim().startsWith(person));
         const rows = [...(head?.nextElementSibling.querySelectorAll('.ob') ?? [])];
         const row = rows.find((one) => one.querySelector('.means').textContent.trim().toLowerCase().startsWith(way));
         const said = row?.querySelector('.words').textContent ?? '';
         return said.includes(words) && said",
        json!([person, way, words])
    );
    let said = console.until(&format!("{way} of {person}: {words}"), &script).await;
    said.as_str().unwrap_or_default().to_owned()
}
