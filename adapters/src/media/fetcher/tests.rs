//! Fetching against servers that redirect, stall, never end and lie: what may be reached, who gets credentials, how much is read.

use super::{Begins, Credentials, Fetcher, Settings};
use crate::contract::{FetchError, Fetched};
use crate::media::Allowance;
use crate::media::public_address::is_public;
use crate::stir::{Stir, corpus};
use crate::stub_server::{Stub, Turn};
use reqwest::Url;
use std::net::IpAddr;
use std::time::Duration;

const MOST: usize = 10_000;
const CREDENTIALS: Credentials<'static> = Credentials::Basic { user: "AC-fictional", password: "a-secret" };
const GONE: FetchError = FetchError::Never("it is gone");

fn fetcher(home: &str, allowed: &[&str], limit: Duration) -> Fetcher {
    let allowed = allowed.iter().map(|text| Allowance::parse(text).unwrap()).collect();
    Fetcher::new(Settings { home: home.parse().unwrap(), allowed, silence: limit, total: limit, begins: Begins::AtHome }).unwrap()
}

fn patient(home: &str, allowed: &[&str]) -> Fetcher {
    fetcher(home, allowed, crate::conformance::PATIENCE)
}

fn host(stub: &Stub) -> &str {
    stub.base.trim_start_matches("http://")
}

fn redirect(status: u16, to: &str) -> Turn {
    Turn::Answer(status, format!("location: {to}\r\n").leak(), String::new())
}

fn file() -> Turn {
    Turn::Answer(200, "content-type: Image/JPEG\r\n", "a picture".to_owned())
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<Fetched, FetchError> {
    fetcher.fetch(url, CREDENTIALS, MOST, &GONE).await
}

fn has_credentials(stub: &Stub) -> bool {
    stub.asked().headers.iter().any(|line| line.starts_with("authorization: "))
}

#[tokio::test]
async fn credentials_go_to_the_carrier_and_no_further() {
    for status in [301, 302, 303, 307, 308] {
        let store = Stub::start(vec![file()]);
        let home = Stub::start(vec![redirect(status, &format!("{}/file?signature=x", store.base))]);
        let fetched = get(&patient(&home.base, &[host(&store)]), &format!("{}/media/1", home.base)).await.unwrap();
        assert_eq!((fetched.bytes.as_slice(), fetched.content_type.as_str()), (b"a picture".as_slice(), "image/jpeg"));
        assert!(has_credentials(&home), "the carrier wants them");
        assert!(!has_credentials(&store), "{status}: the store must not get the carrier's password");
    }
}

#[tokio::test]
async fn a_redirect_back_home_gets_no_credentials_either() {
    let home = Stub::start(vec![redirect(307, "/other"), file()]);
    get(&patient(&home.base, &[]), &format!("{}/media/1", home.base)).await.unwrap();
    assert!(has_credentials(&home));
    let second = home.asked();
    assert_eq!(second.line, "GET /other");
    assert!(!second.headers.iter().any(|line| line.starts_with("authorization: ")));
}

#[tokio::test]
async fn a_first_address_elsewhere_is_not_asked_at_all() {
    let home = Stub::start(vec![file()]);
    let other = Stub::start(vec![file()]);
    let fetcher = patient(&home.base, &[host(&other)]);
    let with_user = home.base.replace("http://", "http://u:p@");
    for url in [
        format!("{}/media/1", other.base),
        home.base.replace("http://", "https://"),
        format!("{with_user}/media/1"),
        "https://api.example.org/media/1".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
        "/media/1".to_owned(),
        String::new(),
        format!("{}/{}", home.base, "x".repeat(9000)),
    ] {
        assert!(matches!(get(&fetcher, &url).await.unwrap_err(), FetchError::Never(_)), "{url}");
        assert!(matches!(fetcher.delete(&url, CREDENTIALS).await.unwrap_err(), FetchError::Never(_)), "{url}");
    }
    assert!(other.is_unasked() && home.is_unasked());
}

#[tokio::test]
async fn what_is_inside_is_not_reached_by_a_redirect() {
    let inside = Stub::start(vec![file()]);
    let port = host(&inside).trim_start_matches("127.0.0.1:").to_owned();
    let table = [
        // This machine, in every spelling that a URL takes.
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://0x7f000001:{port}/"),
        format!("https://0177.0.0.1:{port}/"),
        format!("https://127.1:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://[::ffff:7f00:1]:{port}/"),
        format!("https://0.0.0.0:{port}/"),
        format!("https://0:{port}/"),
        format!("https://[::]:{port}/"),
        // The networks behind it, and what a cloud tells its machines about themselves.
        "https://10.0.0.1/".to_owned(),
        "https://172.16.0.1/".to_owned(),
        "https://192.168.1.1/".to_owned(),
        "https://100.64.0.1/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://[fd00:ec2::254]/".to_owned(),
        "https://[fe80::1]/".to_owned(),
        "https://[64:ff9b::a00:1]/".to_owned(),
        "https://224.0.0.1/".to_owned(),
        "https://255.255.255.255/".to_owned(),
        // Without TLS, with a user, or no HTTP at all.
        format!("http://127.0.0.1:{port}/"),
        "http://files.example.org/x".to_owned(),
        "https://user:password@files.example.org/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/x".to_owned(),
        "javascript:alert(1)".to_owned(),
        "https://".to_owned(),
        format!("https://files.example.org/{}", "x".repeat(9000)),
    ];
    for to in table {
        let home = Stub::start(vec![redirect(302, &to)]);
        let error = get(&patient(&home.base, &[]), &format!("{}/media/1", home.base)).await.unwrap_err();
        assert!(matches!(error, FetchError::Never(_)), "{to}: {error:?}");
    }
    assert!(inside.is_unasked());
}

#[tokio::test]
async fn an_allowance_is_for_its_port_only() {
    let store = Stub::start(vec![file()]);
    let home = Stub::start(vec![redirect(302, &store.base)]);
    let error = get(&patient(&home.base, &["127.0.0.1:1"]), &home.base).await.unwrap_err();
    assert!(matches!(error, FetchError::Never(_)) && store.is_unasked());
}

#[tokio::test]
async fn redirects_end_somewhere() {
    let turns = |n: usize| (0..n).map(|at| redirect(302, &format!("/{at}"))).chain([file()]).collect();
    let three = Stub::start(turns(3));
    assert!(get(&patient(&three.base, &[]), &three.base).await.is_ok());
    let four = Stub::start(turns(4));
    assert_eq!(get(&patient(&four.base, &[]), &four.base).await.unwrap_err(), FetchError::Never("it is redirected too often"));
    let nowhere = Stub::start(vec![Turn::Answer(302, "", String::new())]);
    assert!(matches!(get(&patient(&nowhere.base, &[]), &nowhere.base).await.unwrap_err(), FetchError::Never(_)));
}

#[tokio::test]
async fn no_more_is_read_than_was_asked_for() {
    let exact = Stub::start(vec![Turn::Answer(200, "", "x".repeat(MOST))]);
    assert_eq!(get(&patient(&exact.base, &[]), &exact.base).await.unwrap().bytes.len(), MOST);
    for turn in [Turn::Answer(200, "", "x".repeat(MOST + 1)), Turn::Endless] {
        let stub = Stub::start(vec![turn.clone()]);
        assert_eq!(get(&patient(&stub.base, &[]), &stub.base).await.unwrap_err(), FetchError::TooLarge(MOST), "{turn:?}");
    }
}

#[tokio::test]
async fn what_is_slow_or_broken_is_tried_later() {
    let brief = Duration::from_millis(200);
    for turn in [Turn::Silence, Turn::Stall, Turn::HangUp, Turn::BreakOff(200)] {
        let stub = Stub::start(vec![turn.clone()]);
        let error = get(&fetcher(&stub.base, &[], brief), &stub.base).await.unwrap_err();
        assert!(matches!(error, FetchError::Later(_)), "{turn:?}: {error:?}");
    }
    // Bytes come all the time, but it takes too long.
    let endless = Stub::start(vec![Turn::Endless]);
    let error = fetcher(&endless.base, &[], brief).fetch(&endless.base, CREDENTIALS, usize::MAX, &GONE).await.unwrap_err();
    assert_eq!(error, FetchError::Later("no answer in time".to_owned()));
    let nobody = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    assert_eq!(get(&patient(&nobody, &[]), &nobody).await.unwrap_err(), FetchError::Later("no connection".to_owned()));
}

#[tokio::test]
async fn statuses_say_whether_to_come_again() {
    for (status, expected) in [(404, GONE), (410, GONE), (401, later(401)), (403, later(403)), (429, later(429)), (500, later(500))] {
        let stub = Stub::start(vec![Turn::Answer(status, "", "body".to_owned())]);
        assert_eq!(get(&patient(&stub.base, &[]), &stub.base).await.unwrap_err(), expected, "{status}");
    }
    // A store's 403 or 404: its signed address has expired; the carrier gives another.
    for status in [403, 404] {
        let stub = Stub::start(vec![redirect(307, "/file"), Turn::Answer(status, "", String::new())]);
        assert_eq!(get(&patient(&stub.base, &[]), &stub.base).await.unwrap_err(), later(status));
    }
}

fn later(status: u16) -> FetchError {
    FetchError::Later(format!("status {status}"))
}

#[tokio::test]
async fn what_is_gone_counts_as_deleted() {
    for (status, deleted) in [(204, true), (200, true), (404, true), (410, true), (401, false), (409, false), (302, false), (500, false)] {
        let stub = Stub::start(vec![Turn::Answer(status, "", String::new())]);
        assert_eq!(patient(&stub.base, &[]).delete(&stub.base, CREDENTIALS).await.is_ok(), deleted, "{status}");
        let asked = stub.asked();
        assert!(asked.line.starts_with("DELETE ") && asked.headers.iter().any(|line| line.starts_with("authorization: Basic ")));
    }
}

#[tokio::test]
async fn an_error_names_no_address() {
    let home = Stub::start(vec![redirect(302, "https://localhost/+15555550142")]);
    let error = get(&patient(&home.base, &[]), &format!("{}/+15555550142", home.base)).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("0142"));
    assert_eq!(error, FetchError::Never("a redirect leads to an address that is not public"));
}

const RUNS: usize = 30_000;

/// Redirects that are wounded somewhere: what is followed is the carrier, what was allowed, or the public internet over TLS, and never
/// with the password. Nothing is sent: the requests are looked at.
#[test]
fn any_redirect_is_followed_outside_or_not_at_all() {
    let fetcher = patient("https://api.example.org", &["10.1.2.3:9000"]);
    let examples = corpus("media-redirect");
    let mut stir = Stir::new(0x7265_6469_7265_6374);
    let words: [&[u8]; 14] = [
        b"@",
        b":",
        b"/",
        b"\\",
        b"#",
        b"?",
        b"127.0.0.1",
        b"10.0.0.1",
        b"[::1]",
        b"http://",
        b"https://",
        b"%2f",
        b"\t",
        b"10.1.2.3:9000",
    ];
    let base: Url = "https://api.example.org/2010-04-01/media/1".parse().unwrap();
    let (mut followed, mut refused) = (0, 0);
    for run in 0..RUNS {
        let bytes = examples.get(run).cloned().unwrap_or_else(|| stir.mutated(&examples, &words));
        let text = String::from_utf8_lossy(&bytes);
        let Ok(url) = base.join(&text) else { continue };
        let Ok(request) = fetcher.away(&url) else {
            refused += 1;
            continue;
        };
        let request = request.build().unwrap();
        let to = request.url();
        let host = to.host_str().unwrap().trim_matches(['[', ']']);
        let public = to.scheme() == "https" && host.parse::<IpAddr>().map_or(true, is_public);
        let allowed = host == "10.1.2.3" && to.port_or_known_default() == Some(9000);
        assert!(public || allowed, "run {run}: {text:?} leads to {to}");
        assert!(!request.headers().contains_key("authorization"), "run {run}: {text:?}");
        followed += 1;
    }
    assert!(followed > 1000 && refused > 1000, "{followed} followed, {refused} refused");
}

#[test]
fn any_first_address_is_the_carriers_or_refused() {
    let fetcher = patient("https://api.example.org", &["10.1.2.3:9000"]);
    let mut examples = corpus("media-redirect");
    examples.push(b"https://api.example.org/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1".to_vec());
    let mut stir = Stir::new(0x6669_7273_7420_686f);
    let mut taken = 0;
    for run in 0..RUNS {
        let bytes = stir.mutated(&examples, &[b"@", b"https://api.example.org", b"//", b":443", b".", b"\\"]);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(url) = fetcher.at_home(&text) {
            assert_eq!(url.origin().ascii_serialization(), "https://api.example.org", "run {run}: {text:?}");
            assert!(url.username().is_empty() && url.password().is_none());
            taken += 1;
        }
    }
    assert!(taken > 300, "{taken}");
}
