//! Service-account tokens in a file, as kubelet keeps them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use freshet::dev_vault::{Clock, ServiceAccount};

use super::target::issuer;

#[tokio::test]
async fn a_token_file_is_written_at_once_and_anew_before_the_token_expires() {
    let directory = tempfile::tempdir().expect("dir");
    let file = directory.path().join("token");
    let account = ServiceAccount {
        namespace: "shop".to_owned(),
        name: "app".to_owned(),
        pod: "app-0".to_owned(),
    };
    let seconds = Arc::new(AtomicU64::new(0));
    let clock: Clock = {
        let seconds = Arc::clone(&seconds);
        Arc::new(move || -> SystemTime {
            UNIX_EPOCH + Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed))
        })
    };
    let (issuer, lifetime) = (issuer(), Duration::from_millis(50));
    let kept = issuer.keep_current(&file, &account, "vault", lifetime, clock);
    let seen = async {
        let first = std::fs::read_to_string(&file).expect("written at the first poll");
        loop {
            let now = std::fs::read_to_string(&file).expect("never missing");
            if now != first {
                break (first, now);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let (first, second) = tokio::select! {
        biased;
        error = kept => panic!("{error}"),
        seen = seen => seen,
    };
    for token in [first, second] {
        assert_eq!(token.split('.').count(), 3, "{token}");
    }
}
