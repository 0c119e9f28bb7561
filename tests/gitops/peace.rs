//! Argo CD and Freshet leave each other alone.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::application::Application;
use crate::support::kubectl::get;

/// Argo CD compares each 10 s at the latest.
const LONG_ENOUGH: Duration = Duration::from_secs(35);

/// Nothing is out of sync, nothing is synced again, and the objects stay the same.
#[track_caller]
pub(crate) fn check(application: &Application, objects: &[&str]) {
    let synced = application.last_sync();
    let before = generations(objects);
    let start = Instant::now();
    let mut looks = 0;
    while start.elapsed() < LONG_ENOUGH {
        check_synced(&application.status());
        looks += 1;
        if looks % 10 == 0 {
            check_synced(&application.refresh());
        }
        thread::sleep(Duration::from_secs(1));
    }
    assert_eq!(application.last_sync(), synced, "nothing was there to sync");
    assert_eq!(generations(objects), before);
}

#[track_caller]
fn check_synced(status: &Value) {
    assert_eq!(
        status["sync"]["status"], "Synced",
        "{}",
        status["resources"]
    );
    assert_eq!(
        status["health"]["status"], "Healthy",
        "{}",
        status["resources"]
    );
}

/// Which objects there are, and how often their specs were changed.
#[track_caller]
fn generations(objects: &[&str]) -> Value {
    let list = get(objects);
    let all = list["items"].as_array().expect("items").iter();
    all.map(|object| json!([object["metadata"]["uid"], object["metadata"]["generation"]]))
        .collect()
}
