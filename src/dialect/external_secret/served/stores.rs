//! The logins of the stores that a pod is served by, each with a profile.

use super::Server;
use crate::dialect::external_secret::identity::StoreSettings;
use crate::dialect::external_secret::manifest::StoreRef;
use crate::spec::Profile;

/// The login of a store.
#[derive(Debug)]
pub(in crate::dialect) struct ServedStore {
    pub(in crate::dialect) profile: Profile,
    /// `SecretStore vault`.
    pub(in crate::dialect) object: String,
    pub(in crate::dialect) settings: StoreSettings,
}

impl Server<'_> {
    /// The profile of a store's login, which is remembered; stores that mean the same login share one.
    pub(super) fn profile(
        &mut self,
        reference: &StoreRef,
        object: &str,
        settings: StoreSettings,
    ) -> Option<Profile> {
        let mut known = self.stores.iter();
        if let Some(known) = known.find(|known| known.settings == settings) {
            return Some(known.profile.clone());
        }
        let profile = profile_of(reference.cluster, &reference.name)?;
        self.stores.push(ServedStore {
            profile: profile.clone(),
            object: object.to_owned(),
            settings,
        });
        Some(profile)
    }
}

/// The profile of a store, called as it is. What cannot be a profile's name is made one, with a number
/// that tells stores of similar names apart.
fn profile_of(cluster: bool, name: &str) -> Option<Profile> {
    let kind = if cluster { "cluster-store" } else { "store" };
    let plain = format!("{kind}-{name}");
    if let Ok(profile) = plain.parse() {
        return Some(profile);
    }
    // FNV-1a, 32 bits.
    let number = plain.bytes().fold(0x811c_9dc5_u32, |number, byte| {
        (number ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let readable: String = plain
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one
            } else {
                '-'
            }
        })
        .take(22)
        .collect();
    format!("{readable}-{number:08x}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_gives_its_name_to_its_profile() {
        let profile =
            |cluster, name: &str| profile_of(cluster, name).map(|profile| profile.to_string());
        let long = "a".repeat(253);
        for (cluster, name, want) in [
            (false, "vault", "store-vault"),
            (true, "vault", "cluster-store-vault"),
            (false, "vault.eu", "store-vault-eu-314e80d1"),
            (false, &long, "store-aaaaaaaaaaaaaaaa-8210492c"),
        ] {
            assert_eq!(profile(cluster, name).as_deref(), Some(want));
        }
        assert_ne!(profile(false, "vault.eu"), profile(false, "vault_eu"));
    }
}
