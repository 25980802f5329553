//! Pictures of the pages as they stand, in the light and the dark, for the README and for looking at.
//!
//! They are kept under the target folder. With `TIPLINE_PICTURES=1` they replace those of docs/pictures, made small by pngquant.

use crate::browser::{Browser, Scheme};
use crate::gateway::root;
use crate::lively::{self, Lively};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No picture in the repository is larger, in bytes.
const LARGEST: u64 = 200 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn pictures_are_taken_of_a_lively_evening() {
    let wanted = std::env::var("TIPLINE_PICTURES").is_ok_and(|value| value == "1");
    let folder = folder(wanted);
    let stage = lively::stage().await;
    let evening = Lively::begin(&stage).await;
    evening.outside.size(1400, 1000).await;
    evening.outside.run("scrollTo(0, 0)").await;
    keep(&evening.outside, &folder, "handset").await;
    evening.confirm(&stage).await;

    let console = &evening.console;
    console.size(1400, 1000).await;
    for (name, path, first) in [
        ("inbox", "/".to_owned(), "document.body"),
        ("tip", format!("/tips/{}", evening.sorted), "document.body"),
        ("dispatch", format!("/tips/{}", evening.told), "document.querySelector('.columns')"),
        ("timeline", format!("/tips/{}/timeline", evening.told), "document.querySelector('.timeline li:last-child')"),
    ] {
        console.go(&stage.console(&path)).await;
        console.until("the page is live", "return document.getElementById('live').textContent === 'Live'").await;
        console.run(&format!("{first}.scrollIntoView()")).await;
        keep(console, &folder, name).await;
    }
    if wanted {
        make_small(&folder);
    }
    println!("pictures in {}", folder.display());
}

/// One page, in both looks.
async fn keep(browser: &Browser, folder: &Path, name: &str) {
    for scheme in Scheme::BOTH {
        browser.scheme(scheme).await;
        let png = browser.picture().await;
        fs::write(folder.join(format!("{name}-{}.png", scheme.word())), png).expect("the picture is kept");
    }
}

/// Fewer colours, which nobody sees on pages like these.
fn make_small(folder: &Path) {
    let pictures = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a picture").path());
    for picture in pictures.filter(|path| path.extension().is_some_and(|ending| ending == "png")) {
        let status = Command::new("pngquant").args(["--force", "--ext", ".png", "--speed", "1", "128"]).arg(&picture).status();
        let status = status.expect("pngquant is missing: install the Debian package pngquant, or leave TIPLINE_PICTURES unset");
        assert!(status.success(), "pngquant refused {}", picture.display());
        let bytes = picture.metadata().expect("its size").len();
        assert!(bytes < LARGEST, "{} takes {bytes} bytes", picture.display());
    }
}

fn folder(wanted: bool) -> PathBuf {
    let folder = if wanted { root().join("docs/pictures") } else { Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures") };
    fs::create_dir_all(&folder).expect("a folder for the pictures");
    folder
}
