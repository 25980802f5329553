//! *Write to us*: what is sent is one tip with its words, school and pictures, whatever else goes wrong.

use super::fixture::Fixture;
use axum::http::StatusCode;
use domain::channel::Channel;
use domain::language::Language;

const WORDS: &str = "A boy showed a knife behind the gym";

fn png() -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 64]].concat()
}

#[tokio::test]
async fn a_form_is_a_tip_and_its_code_is_shown() {
    let site = Fixture::start().await;
    let fields = [
        ("what", WORDS),
        ("where", "delta high"),
        ("who", "Two boys in grey"),
        ("when", "today"),
        ("now", "yes"),
        ("county", "demo-county"),
        ("step", "send"),
    ];
    let done = site.write("/write", &fields).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.has("We have it."));
    let tips = site.tips().await;
    let [tip] = tips.as_slice() else { panic!("{} tips", tips.len()) };
    assert_eq!(tip.conversation.channel, Channel::Web);
    assert_eq!(tip.conversation.triage.school.as_ref().map(|key| key.as_str()), Some("delta-high"));
    assert!(tip.conversation.triage.marks.in_progress);
    let expected = format!("{WORDS}\n\nWhere: delta high\nCounty: Demo County\nWho: Two boys in grey\nWhen: today\nHappening now: Yes");
    assert_eq!(site.wrote(tip).await, [expected]);
    let opened = site.post("/return", &[("code", &done.code())]).await;
    assert!(opened.has(WORDS) && opened.has("Kept safe, not read yet"), "{}", opened.body);
    assert!(!opened.has(&done.code()[..9]), "the conversation does not show its code");
}

#[tokio::test]
async fn words_alone_are_enough_in_every_language() {
    let site = Fixture::start().await;
    for (path, language) in [("/write", Language::En), ("/es/write", Language::Es), ("/ar/write", Language::Ar)] {
        assert_eq!(site.write(path, &[("what", "ok"), ("now", "")]).await.status, StatusCode::OK);
        let tips = site.tips().await;
        assert!(tips.iter().any(|tip| tip.conversation.language == Some(language)), "{path}");
    }
    for tip in site.tips().await {
        assert_eq!(site.wrote(&tip).await, ["ok"]);
    }
}

#[tokio::test]
async fn a_second_press_is_the_same_message_and_an_edited_one_joins_the_tip() {
    let site = Fixture::start().await;
    let draft = site.get("/write").await.field("draft");
    let send = async |words: &str| site.post("/write", &[("draft", draft.as_str()), ("what", words)]).await;
    let (first, again) = tokio::join!(send(WORDS), send(WORDS));
    let edited = send("and a second boy").await;
    assert_eq!((first.code(), first.code()), (again.code(), edited.code()));
    let tips = site.tips().await;
    assert_eq!(tips.len(), 1);
    assert_eq!(site.wrote(&tips[0]).await, [WORDS, "and a second boy"]);
}

#[tokio::test]
async fn an_unlisted_school_is_written_down_and_its_county_reached() {
    let site = Fixture::start().await;
    site.write("/write", &[("what", WORDS), ("where", "the bus to the lake"), ("county", "demo-county")]).await;
    let tip = site.tips().await.remove(0);
    assert_eq!(tip.conversation.triage.school.as_ref().map(|key| key.as_str()), Some("demo-county"));
    assert!(site.wrote(&tip).await[0].contains("Where: the bus to the lake"));
}

#[tokio::test]
async fn nothing_typed_is_lost_by_a_mistake_or_another_language() {
    let site = Fixture::start().await;
    let fields = [("what", " "), ("where", "Bus <7>"), ("who", "\"A\""), ("when", "noon"), ("now", "yes"), ("county", "demo-county")];
    let refused = site.write("/write", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in
        ["Bus &#60;7&#62;", "&#34;A&#34;", "noon", "value=\"yes\" checked", "value=\"demo-county\" selected", "Nothing was sent yet"]
    {
        assert!(refused.has(kept), "{kept}: {}", refused.body);
    }
    let draft = refused.field("draft");
    let spanish = site.post("/es/write", &[("draft", &draft), ("what", WORDS), ("who", "Sam"), ("step", "language")]).await;
    assert!(spanish.has("¿Qué pasó?") && spanish.has(WORDS) && spanish.has("Sam"));
    assert_eq!(spanish.field("draft"), draft);
    assert!(site.tips().await.is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_long_list_of_schools_is_searched_and_sends_nothing() {
    let site = Fixture::with_schools(400).await;
    let form = site.get("/write").await;
    assert!(form.has("formaction=\"/write/schools#place\"") && !form.has("<datalist"));
    let fields = [("draft", &*form.field("draft")), ("what", WORDS), ("where", "number 39"), ("step", "school")];
    let found = site.post("/write/schools", &fields).await;
    assert!(found.has("value=\"school-39\"") && found.has("value=\"school-390\"") && found.has(WORDS), "{}", found.body);
    assert!(site.tips().await.is_empty());
    let spanish = site.post("/es/write", &[&fields[..3], &[("school", "school-39"), ("step", "language")]].concat()).await;
    assert!(spanish.has("value=\"school-39\" checked"), "what was chosen stays chosen");
    let done = site.post("/write", &[&fields[..3], &[("school", "school-390")]].concat()).await;
    assert!(done.has("We have it."));
    let tip = site.tips().await.remove(0);
    assert_eq!(tip.conversation.triage.school.as_ref().map(|key| key.as_str()), Some("school-390"));
    assert!(site.wrote(&tip).await[0].contains("Where: School Number 390"));
    let none = site.post("/write/schools", &[("where", "moon")]).await;
    assert!(none.has("not in our list"));
}

#[tokio::test]
async fn pictures_come_along_and_a_bad_one_is_named() {
    let site = Fixture::start().await;
    let draft = site.get("/write").await.field("draft");
    let files: [(&str, &[u8]); 2] = [("gym.png", &png()), ("notes.txt", b"just words")];
    let done = site.post_files("/write", &[("draft", &draft), ("what", WORDS)], &files, 0).await;
    assert!(done.has("We have it.") && done.has("notes.txt") && done.has("Your words are kept."), "{}", done.body);
    let tip = site.tips().await.remove(0);
    assert_eq!(site.store.attachments(tip.conversation.id).await.unwrap().len(), 1);
    assert_eq!(site.messages(&tip).await[0].0.media_dropped, 1);
    let opened = site.post("/return", &[("code", &done.code())]).await;
    assert!(opened.has("1 picture or file received"));
    let only = site.post_files("/write", &[("what", "")], &[("a.png", &png())], 0).await;
    assert!(only.has("We have it."), "a picture alone is a tip");
}

#[tokio::test]
async fn a_sending_that_breaks_off_in_a_picture_keeps_the_words() {
    let site = Fixture::start().await;
    let draft = site.get("/write").await.field("draft");
    let broken = site.post_files("/write", &[("draft", &draft), ("what", WORDS)], &[("a.png", &png())], 40).await;
    assert!(broken.has("We have it.") && broken.has("a.png"), "{}", broken.body);
    let again = site.post_files("/write", &[("draft", &draft), ("what", WORDS)], &[("a.png", &png())], 0).await;
    assert_eq!(broken.code(), again.code());
    assert_eq!(site.tips().await.len(), 1);
}

#[tokio::test]
async fn a_draft_of_nobody_is_a_tip_of_its_own() {
    let site = Fixture::start().await;
    let codes = [
        site.post("/write", &[("draft", "forged"), ("what", WORDS)]).await,
        site.post("/write", &[("draft", "forged"), ("what", WORDS)]).await,
    ];
    assert_ne!(codes[0].code(), codes[1].code(), "nobody is let into another's tip by a token that is not ours");
    assert_eq!(site.tips().await.len(), 2);
}
