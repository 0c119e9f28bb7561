//! A page as a person sees it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::kubectl::output;

/// Opens `url` in Chromium, keeps a picture as `target/gitops/NAME.png`, and answers the page as it
/// is after its scripts have run.
#[track_caller]
pub(crate) fn look(url: &str, name: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let picture = pictures().join(format!("{name}.png"));
    let _ = fs::remove_file(&picture);
    // In memory: a browser keeps what it has seen.
    let profile = format!(
        "/run/gitops/chromium-{}",
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let mut chromium = Command::new("chromium");
    chromium
        .args([
            "--headless",
            // It runs as root, in namespaces of the node's own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--window-size=900,640",
            "--virtual-time-budget=1500",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={profile}"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(url)
        .env("HOME", &profile);
    let done = output(&mut chromium, "");
    let _ = fs::remove_dir_all(&profile);
    let size = fs::metadata(&picture).map_or(0, |picture| picture.len());
    assert!(done.ok && size > 0, "chromium {url}: {}", done.stderr);
    done.stdout
}

/// The text between the tags of the element with that id.
pub(crate) fn text<'a>(page: &'a str, id: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!(" id=\"{id}\""))?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once('<')?.0)
}

#[track_caller]
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gitops");
    fs::create_dir_all(&folder).expect("a folder for pictures");
    folder
}
