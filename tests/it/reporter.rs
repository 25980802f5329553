//! The reporter's form while the database is away: it opens, it takes, it tells one code; and that code opens what was kept (R43, R68).

use crate::away::Away;
use crate::gateway::{TestGateway, until};

async fn page(gateway: &TestGateway, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let url = format!("{}{path}", gateway.public);
    let request = if fields.is_empty() { gateway.client.get(url) } else { gateway.client.post(url).form(fields) };
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a page"))
}

fn draft(page: &str) -> &str {
    page.split_once("name=\"draft\" value=\"").and_then(|(_, rest)| rest.split('"').next()).expect("a draft")
}

fn code(page: &str) -> String {
    let shown = page.split_once("id=\"code\"").and_then(|(_, rest)| rest.split("</p>").next()).expect("a code");
    shown.chars().filter(char::is_ascii_digit).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_taken_while_the_database_is_away_and_its_code_stays_good() {
    let gateway = TestGateway::start().await;
    let away = Away::take(&gateway).await;
    let (status, form) = page(&gateway, "/write", &[]).await;
    assert_eq!(status, 200, "the form opens");
    let draft = draft(&form);
    let (status, first) = page(&gateway, "/write", &[("draft", draft), ("what", "they wait for her at the gate")]).await;
    assert!(status == 200 && first.contains("We have it.") && first.contains("You do not have to send it again."), "{status} {first}");
    let (_, again) = page(&gateway, "/write", &[("draft", draft), ("what", "they wait for her at the gate")]).await;
    let (_, edited) = page(&gateway, "/write", &[("draft", draft), ("what", "there are four of them")]).await;
    assert_eq!((code(&first), code(&first)), (code(&again), code(&edited)), "one tip, one code");
    away.back().await;
    until("what waited is stored", || async { (gateway.metric("tipline_spool_letters").await == 0.0).then_some(()) }).await;
    let opened = until("the code opens it", || async {
        let (status, opened) = page(&gateway, "/return", &[("code", &code(&first)), ("step", "open")]).await;
        (status == 200 && opened.contains("there are four of them")).then_some(opened)
    })
    .await;
    assert_eq!(opened.matches("they wait for her at the gate").count(), 1, "once: {opened}");
    assert_eq!(gateway.tips().await.len(), 1);
}
