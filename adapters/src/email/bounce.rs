//! News of a mail of ours in the words of RFC 3464: what became of it, and which one it was.
//!
//! Anybody can forge a bounce. It therefore says nothing by itself: whoever takes it in believes it only when it carries a
//! token of ours (see `thread`), and never forbids an address for good because of it.

use super::mime::{Body, Headers, Part, Walk, text};
use domain::exchange::Fate;

/// The most fields of a report that are read.
const MOST_FIELDS: usize = 2000;

/// What a report of delivery says: the worst that it says of any recipient (we send to one); `None` when nothing is understood.
pub(super) fn fate(mail: &Part<'_>) -> Option<Fate> {
    let status = find(mail, "message/delivery-status")?;
    let Body::Leaf(bytes) = &status.body else { return None };
    let report = text(&status.headers, bytes).0;
    // One block for the mail, then one for each recipient.
    let report = report.replace("\r\n", "\n");
    report.split("\n\n").filter_map(recipient).max()
}

fn recipient(block: &str) -> Option<Fate> {
    let field = |name: &str| {
        let mut fields = block.lines().take(MOST_FIELDS).filter_map(|line| line.split_once(':'));
        fields.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let action = field("Action")?;
    let status = field("Status").unwrap_or_default();
    match action.split_whitespace().next()? {
        "failed" => Some(Fate::Failed { permanent: !status.starts_with('4') }),
        "delayed" => Some(Fate::Delayed),
        "delivered" => Some(Fate::Delivered),
        "relayed" | "expanded" => Some(Fate::HandedOn),
        _ => None,
    }
}

/// The Message-IDs of the mail that came back, as far as it was brought along.
pub(super) fn returned_ids(mail: &Part<'_>) -> Vec<String> {
    let ids = |headers: &Headers<'_>| headers.ids("Message-ID");
    if let Some(Part { body: Body::Mail(returned), .. }) = find(mail, "message/rfc822") {
        return ids(&returned.headers);
    }
    if let Some(part) = find(mail, "text/rfc822-headers")
        && let Body::Leaf(bytes) = &part.body
    {
        return ids(&Walk::default().part(bytes, super::mime::MOST_DEPTH).headers);
    }
    Vec::new()
}

/// The first part of a kind, at any depth.
fn find<'a, 'x>(part: &'a Part<'x>, kind: &str) -> Option<&'a Part<'x>> {
    if part.kind == kind {
        return Some(part);
    }
    match &part.body {
        Body::Many(parts) => parts.iter().find_map(|part| find(part, kind)),
        Body::Mail(_) | Body::Leaf(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Own, read};
    use domain::exchange::{Fate, Nature};

    /// A report with these fields for its one recipient.
    fn report(fields: &str) -> String {
        format!(
            "From: mailer-daemon@mx.example.org\nTo: tips+v1.2@example.org\nSubject: Mail delivery\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n\n--b\n\
             Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n\
             Final-Recipient: rfc822; nobody@mail.example.org\n{fields}\n\n--b--\n"
        )
        .replace('\n', "\r\n")
    }

    #[test]
    fn a_report_says_what_became_of_a_mail() {
        let table = [
            ("Action: failed\nStatus: 5.1.1", Some(Fate::Failed { permanent: true }), Nature::Bounce),
            ("ACTION: Failed (no such user)\nstatus: 5.0.0", Some(Fate::Failed { permanent: true }), Nature::Bounce),
            ("Action: failed\nStatus: 4.4.7", Some(Fate::Failed { permanent: false }), Nature::Bounce),
            ("Action: failed", Some(Fate::Failed { permanent: true }), Nature::Bounce),
            ("Action: delayed\nStatus: 4.4.1", Some(Fate::Delayed), Nature::Automatic),
            ("Action: relayed\nStatus: 2.0.0", Some(Fate::HandedOn), Nature::Automatic),
            ("Action: expanded\nStatus: 2.0.0", Some(Fate::HandedOn), Nature::Automatic),
            ("Action: delivered\nStatus: 2.0.0", Some(Fate::Delivered), Nature::Automatic),
            ("Action: vanished", None, Nature::Bounce),
            ("", None, Nature::Bounce),
        ];
        for (fields, fate, nature) in table {
            let found = read(report(fields).as_bytes(), &Own::new("tips@example.org", None), None);
            assert_eq!((found.fate, found.nature), (fate, nature), "{fields}");
        }
        let two = "Action: delivered\n\nFinal-Recipient: rfc822; other@mail.example.org\nAction: failed\nStatus: 5.1.1";
        let found = read(report(two).as_bytes(), &Own::new("tips@example.org", None), None);
        assert_eq!(found.fate, Some(Fate::Failed { permanent: true }), "the worst counts");
        let person = "From: a@example.org\r\nTo: tips@example.org\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n";
        assert_eq!(read(person.as_bytes(), &Own::new("tips@example.org", None), None).fate, None, "words are no report");
    }
}
