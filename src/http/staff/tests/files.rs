//! Reporters' files on the page: copies in place, originals by a form that is recorded, a mail as it came by nobody.

use super::fixture::Fixture;
use crate::audit::Action;
use crate::media::files::File;
use crate::store::rows::{AttachmentRow, AttachmentState, SafeCopy};
use crate::store::{Commit, Write};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::exchange::{MediaBody, MediaRef, MediaRole};
use domain::id::ConversationId;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe original";

fn medium(bytes: &[u8], role: MediaRole) -> MediaRef {
    MediaRef { body: MediaBody::Here(bytes.to_vec()), content_type: "image/jpeg".to_owned(), role }
}

/// A tip with a picture, a video and a mail as it came.
async fn tip(f: &Fixture) -> (ConversationId, Vec<AttachmentRow>) {
    let video = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
    let media = vec![medium(PNG, MediaRole::Shown), medium(video, MediaRole::Shown), medium(b"From: somebody", MediaRole::Raw)];
    let tip = f.text_with("look", media).await;
    (tip, f.store.attachments(tip).await.unwrap())
}

/// The worker's part: the copy is there.
async fn copied(f: &Fixture, row: &AttachmentRow, kind: &str, side: u32, bytes: &[u8]) {
    let tip = f.store.conversation(row.conversation).await.unwrap().unwrap();
    let key = f.vault.unwrap_key(row.conversation, &tip.key).unwrap();
    f.files.put(row.id, File::Copy, &key, bytes).await.unwrap();
    let copy = SafeCopy::Ready { kind: kind.to_owned(), bytes: bytes.len() as u64, width: side, height: side };
    let state = AttachmentState::Kept { kind: "image/png".to_owned(), bytes: PNG.len() as u64, copy };
    let writes = vec![Write::Attachment(Box::new(AttachmentRow { state, ..row.clone() }))];
    f.store.commit(Commit { writes, ..Commit::default() }).await.unwrap();
}

#[tokio::test]
async fn a_picture_is_shown_by_its_copy_and_what_cannot_be_shown_by_a_sentence() {
    let f = Fixture::start().await;
    let (cookie, _) = f.logged_in("ana").await;
    let (tip, rows) = tip(&f).await;
    let page = f.get(&format!("/tips/{tip}"), &cookie).await.body;
    assert!(page.contains("a copy to show is being made") && page.contains("A video: it cannot be shown safely."), "{page}");
    assert!(page.contains("Mail as it came") && !page.contains("<img src=\"/tips/"), "{page}");
    assert_eq!(page.matches("Open the original (recorded)").count(), 2, "not for the mail as it came");
    let path = format!("/tips/{tip}/files/{}", rows[0].id);
    assert_eq!(f.get(&path, &cookie).await.status, StatusCode::NOT_FOUND, "there is no copy yet");
    copied(&f, &rows[0], "image/png", 30, b"the copy").await;
    let page = f.get(&format!("/tips/{tip}"), &cookie).await.body;
    assert!(page.contains(&format!("<img src=\"{path}\" width=\"30\" height=\"30\"")), "{page}");
    let copy = f.get(&path, &cookie).await;
    assert_eq!((copy.status, copy.body.as_str()), (StatusCode::OK, "the copy"));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(copy.headers[name], value);
    }
    assert_eq!(f.get(&path, "").await.status, StatusCode::SEE_OTHER, "not without a login");
    let other = path.replace(&tip.to_string(), "0198f000000070008000000000000000");
    assert_eq!(f.get(&other, &cookie).await.status, StatusCode::NOT_FOUND, "not by another tip");
}

#[tokio::test]
async fn a_recording_is_played_from_its_copy() {
    let f = Fixture::start().await;
    let (cookie, _) = f.logged_in("ana").await;
    let (tip, rows) = tip(&f).await;
    copied(&f, &rows[0], "audio/wav", 0, b"sound").await;
    let page = f.get(&format!("/tips/{tip}"), &cookie).await;
    assert!(page.body.contains(&format!("<audio controls preload=\"none\" src=\"/tips/{tip}/files/{}\"", rows[0].id)));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("media-src 'self'"));
    let asked = Request::get(format!("/tips/{tip}/files/{}", rows[0].id)).header("cookie", &cookie).header("range", "bytes=1-2");
    let part = f.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!((part.status, part.body.as_str()), (StatusCode::PARTIAL_CONTENT, "ou"));
    assert_eq!(part.headers["content-range"], "bytes 1-2/5");
}

#[tokio::test]
async fn an_original_leaves_only_by_a_form_and_the_record_has_it() {
    let f = Fixture::start().await;
    let (cookie, csrf) = f.logged_in("ana").await;
    let (tip, rows) = tip(&f).await;
    let original = |n: usize| format!("/tips/{tip}/files/{}/original", rows[n].id);
    let openings = async || {
        let record = f.store.record(tip, 0, 100).await.unwrap();
        record.into_iter().filter(|row| matches!(row.action, Action::OriginalOpened { .. })).count()
    };
    assert_eq!(f.get(&original(0), &cookie).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(f.post(&original(0), &cookie, &[("csrf", "wrong")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(openings().await, 0);
    let answer = f.post(&original(1), &cookie, &[("csrf", &csrf)]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/octet-stream");
    let named = answer.headers["content-disposition"].to_str().unwrap();
    assert!(named.starts_with("attachment; filename=\"original-") && named.ends_with(".mp4\""), "{named}");
    assert!(answer.body.contains("ftypmp42"));
    assert_eq!(openings().await, 1);
    let refused = f.post(&original(2), &cookie, &[("csrf", &csrf)]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(refused.body.contains("opened by nobody"));
    assert_eq!(openings().await, 1, "nothing was opened");
}
