//! Reporters' pictures, recordings and files on the tip's page: how each is shown, and the two ways to its bytes.
//!
//! A copy is what our own encoder made, shown in place. An original leaves only by a form, as a download that nothing on this origin can
//! run: octets, a neutral name, a sandbox without rights.

use super::id;
use crate::desk::files::OpenFile;
use crate::desk::view::Attachment;
use crate::http::staff::StaffSite;
use crate::http::staff::fault::Fault;
use crate::http::staff::guard::{Member, Submitted};
use crate::store::rows::{AttachmentState, SafeCopy};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::exchange::MediaRole;
use domain::id::AttachmentId;

/// What a file may do when it is opened by itself: nothing.
const FILE_POLICY: &str = "default-src 'none'; sandbox";

/// How a file is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::staff) enum Shown {
    /// Its copy is a picture of this size.
    Picture { width: u32, height: u32 },
    /// Its copy is sound.
    Sound,
    /// There is nothing to show but words.
    Words,
}

/// A file on the page.
pub(in crate::http::staff) struct FileView {
    pub(in crate::http::staff) id: String,
    /// "Picture", "Recording", "Video", "File".
    pub(in crate::http::staff) what: &'static str,
    pub(in crate::http::staff) shown: Shown,
    /// What it is and where it stands.
    pub(in crate::http::staff) words: String,
    /// Whether the original can be asked for.
    pub(in crate::http::staff) original: bool,
}

impl FileView {
    /// What the page says of a file. What the sender calls it is only a hint, and only until its bytes are here.
    pub(in crate::http::staff) fn new(file: &Attachment) -> Self {
        let kind = match &file.state {
            AttachmentState::Kept { kind, .. } => kind,
            AttachmentState::Waiting { .. } | AttachmentState::Lost { .. } => &file.content_type,
        };
        let what = match (file.role, kind.split('/').next()) {
            (MediaRole::Raw, _) => "Mail as it came",
            (MediaRole::Recording, _) | (MediaRole::Shown, Some("audio")) => "Recording",
            (MediaRole::Shown, Some("image")) => "Picture",
            (MediaRole::Shown, Some("video")) => "Video",
            (MediaRole::Shown, Some(_) | None) => "File",
        };
        let (shown, words, here) = match &file.state {
            AttachmentState::Waiting { tried: 0 } => (Shown::Words, format!("{what}: being fetched from the carrier"), false),
            AttachmentState::Waiting { tried } => {
                (Shown::Words, format!("{what}: still at the carrier, tried {tried} {}", if *tried == 1 { "time" } else { "times" }), false)
            }
            AttachmentState::Lost { why } => (Shown::Words, format!("{what}, lost: {why}. The words above are complete."), false),
            AttachmentState::Kept { bytes, copy, .. } => match copy {
                SafeCopy::Pending => (Shown::Words, format!("{what}, {}: a copy to show is being made", size(*bytes)), true),
                SafeCopy::Impossible { why } => (Shown::Words, format!("{what}, {}. {why}", size(*bytes)), true),
                SafeCopy::Ready { width: 0, .. } | SafeCopy::Ready { height: 0, .. } => {
                    (Shown::Sound, format!("{what}, {}: a copy of the sound alone", size(*bytes)), true)
                }
                SafeCopy::Ready { width, height, .. } => (
                    Shown::Picture { width: *width, height: *height },
                    format!("{what}, {}: a copy without its place, device and other hidden data", size(*bytes)),
                    true,
                ),
            },
        };
        Self { id: file.id.to_string(), what, shown, words, original: here && file.role != MediaRole::Raw }
    }
}

/// A size as people say it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// `GET /tips/{id}/files/{attachment}`: the copy.
pub(super) async fn copy(
    State(site): State<StaffSite>,
    Member(session): Member,
    Path((tip, attachment)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let file = site.desk.copy(&session.staff, id(&tip)?, attachment_id(&attachment)?).await?;
    Ok(shown(file, headers.get(header::RANGE).and_then(|value| value.to_str().ok())))
}

/// A copy as an answer, whole or the range of bytes that is asked for.
pub(in crate::http) fn shown(file: OpenFile, asked: Option<&str>) -> Response {
    match asked.and_then(|text| range(text, file.bytes.len())) {
        Some(range) => part(file, range),
        None => answer(file, "inline"),
    }
}

/// The one range of bytes that is asked for (RFC 9110, 14.1.2), when it lies within; some browsers play no sound without.
fn range(text: &str, length: usize) -> Option<std::ops::Range<usize>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (from.parse::<usize>(), to.parse::<usize>()) {
        (Ok(from), Ok(to)) => from..to.checked_add(1)?.min(length),
        (Ok(from), Err(_)) if to.is_empty() => from..length,
        (Err(_), Ok(last)) if from.is_empty() => length.checked_sub(last)?..length,
        (Ok(_) | Err(_), _) => return None,
    };
    (range.start < range.end).then_some(range)
}

fn part(file: OpenFile, range: std::ops::Range<usize>) -> Response {
    let said = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), file.bytes.len());
    let bytes = file.bytes.get(range).unwrap_or_default().to_vec();
    let mut response = answer(OpenFile { bytes, ..file }, "inline");
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    if let Ok(said) = HeaderValue::from_str(&said) {
        response.headers_mut().insert(header::CONTENT_RANGE, said);
    }
    response
}

/// `POST /tips/{id}/files/{attachment}/original`: the original, recorded.
pub(super) async fn original(
    State(site): State<StaffSite>,
    Path((tip, attachment)): Path<(String, String)>,
    form: Submitted,
) -> Result<Response, Fault> {
    let file = site.desk.original(&form.session.staff, id(&tip)?, attachment_id(&attachment)?).await?;
    Ok(answer(file, "attachment"))
}

fn attachment_id(text: &str) -> Result<AttachmentId, Fault> {
    text.parse().map_err(|_| Fault::NotFound)
}

/// A file as an answer; `how` is `inline` or `attachment`. The frame of all staff pages adds `nosniff` and `no-store`.
pub(in crate::http::staff) fn answer(file: OpenFile, how: &str) -> Response {
    let named = HeaderValue::from_str(&format!("{how}; filename=\"{}\"", file.name)).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.kind)),
        (header::CONTENT_DISPOSITION, named),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_POLICY)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    (headers, file.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_is_read_or_left() {
        for (text, expected) in [
            ("bytes=0-1", Some(0..2)),
            ("bytes=0-", Some(0..10)),
            ("bytes=4-99", Some(4..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-11", None),
            ("bytes=10-", None),
            ("bytes=5-4", None),
            ("bytes=0-18446744073709551615", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=-", None),
        ] {
            assert_eq!(range(text, 10), expected, "{text}");
        }
    }
}
