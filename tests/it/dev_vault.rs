//! The dev Vault, through the client that real pods use.

mod cases;
mod certificate_login;
mod faults;
mod issuer;
mod kubernetes;
mod listener;
mod target;

use std::sync::Arc;
use std::time::SystemTime;

use freshet::dev_vault::DevVault;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::target::Target;

const ROOT: &str = "root-of-the-tests";

/// A dev Vault on a port of its own; ended when dropped.
struct Served {
    vault: DevVault,
    target: Target,
    task: JoinHandle<()>,
}

impl Served {
    async fn start() -> Self {
        let vault = dev_vault();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("address").to_string();
        let task = tokio::spawn(vault.clone().serve(listener, None, std::future::pending()));
        let target = Target {
            address,
            root_token: ROOT.to_owned(),
        };
        Self {
            vault,
            target,
            task,
        }
    }
}

fn dev_vault() -> DevVault {
    let random = |bytes: &mut [u8]| {
        ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).expect("random");
    };
    DevVault::new(ROOT, Arc::new(SystemTime::now), Arc::new(random))
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

macro_rules! run {
    ($($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() {
            cases::$case(&Served::start().await.target).await;
        }
    )+};
}

run! {
    kv_versions_are_told_apart
    numbers_keep_their_text
    versions_are_read_deleted_and_destroyed
    a_policy_may_hide_the_metadata
    metadata_and_folders_are_read
    a_login_is_refused_with_the_line_that_mends_it
    an_approle_logs_in_with_its_role_id_and_a_secret_id
    a_token_lives_as_long_as_its_role_says
    a_renewal_ends_at_the_longest_life
    a_revoked_token_is_invalid
    certificates_are_issued_by_the_ca_that_is_shown
}
