//! The refresher's client against a real Vault, and the dev Vault beside it: both run the same
//! cases, and the same requests bring the same answers.

#[path = "../it/dev_vault/cases.rs"]
mod cases;
#[path = "../it/dev_vault/certificate_login.rs"]
mod certificate_login;
#[path = "../it/vault_http/certificates.rs"]
#[allow(dead_code, reason = "what is not needed here is needed there")]
mod certificates;
mod command;
mod faithful;
#[path = "../it/refresh/issued.rs"]
mod issued;
mod pki;
#[path = "../it/refresh/pod.rs"]
#[allow(dead_code, reason = "what is not needed here is needed there")]
pub(crate) mod pod;
#[path = "../it/vault_http/server.rs"]
#[allow(dead_code, reason = "what is not needed here is needed there")]
mod server;
#[path = "../it/dev_vault/target.rs"]
mod target;
mod tls;
mod trouble;
mod way;

use self::target::Target;
use crate::support::vault_server::{ROOT_TOKEN, Vault};

fn target(vault: &Vault) -> Target {
    Target {
        address: vault.address.clone(),
        root_token: ROOT_TOKEN.to_owned(),
    }
}

macro_rules! run {
    ($($case:ident)+) => {$(
        #[tokio::test]
        async fn $case() {
            cases::$case(&target(Vault::shared())).await;
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
