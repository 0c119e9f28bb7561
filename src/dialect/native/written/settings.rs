//! The keys that stand once on a pod: whom to ask, as whom, and how the sidecar looks.

use super::super::vocabulary::Key;
use super::Writer;
use crate::dialect::{Appearance, CaSource, LoginSettings, MountedSecret, Position, Settings};
use crate::spec::layout::{APPROLE_VOLUME, CA_FILE, ROLE_ID_FILE, SECRET_ID_FILE, TLS_VOLUME};

impl Writer<'_> {
    pub(super) fn login(&mut self, login: &LoginSettings) {
        let LoginSettings {
            auth_type,
            audience,
            ..
        } = login;
        let defaults = self.defaults;
        if *auth_type != defaults.auth_type {
            self.say(Key::AuthType, auth_type);
        }
        let usual = match &defaults.auth_path {
            Some(path) if *auth_type == defaults.auth_type => path.clone(),
            _ => auth_type.mount_path(),
        };
        if login.auth_path != usual {
            self.say(Key::AuthPath, &login.auth_path);
        }
        if let Some(role) = &login.role {
            self.say(Key::Role, role);
        }
        if !auth_type.sends_service_account_token() {
            return;
        }
        if let Some(file) = &login.token_file {
            self.lacks(format!("the sidecar's argument --token-file={file}"));
        }
        match audience {
            Some(audience) if *audience == defaults.audience => {}
            Some(audience) => self.say(Key::AuthAudience, audience),
            None => self.differs(format!(
                "the service account's token is for the audience {:?}, no longer for the API server's: the Vault role has to admit it (vault write auth/{}/role/{} audience={}), or name the API server's with freshet.dev/auth-audience",
                defaults.audience.as_str(),
                login.auth_path,
                login.role.as_ref().map_or("ROLE", |role| role.as_str()),
                defaults.audience
            )),
        }
    }

    pub(super) fn server(&mut self, settings: &Settings) {
        let login = &settings.login;
        let defaults = self.defaults;
        if Some(&login.vault_address) != defaults.vault_address.as_ref() {
            self.say(Key::VaultAddress, &login.vault_address);
        }
        match &login.vault_namespace {
            namespace if *namespace == defaults.vault_namespace => {}
            Some(namespace) => self.say(Key::VaultNamespace, namespace),
            None => self.lacks("no Vault namespace, where the webhook has one for all pods"),
        }
        if login.auth_namespace.is_some() {
            self.lacks("a Vault namespace of the login beside that of the secrets");
        }
        let usual = defaults
            .ca_config_map
            .as_ref()
            .map(|name| CaSource::ConfigMap {
                name: name.to_string(),
                key: CA_FILE.to_owned(),
            });
        match &login.ca {
            ca if *ca == usual => {}
            Some(CaSource::ConfigMap { name, key }) if key == CA_FILE => {
                self.say(Key::CaConfigMap, name);
            }
            _ => self.lacks("these CA certificates: put them into a ConfigMap under ca.crt, for freshet.dev/ca-config-map"),
        }
        if let Some(file) = &login.ca_file {
            self.lacks(format!("CA certificates in the file {file}: put them into a ConfigMap under ca.crt, for freshet.dev/ca-config-map"));
        }
        if login.tls_server_name.is_some() {
            self.lacks("another name in Vault's certificate than the server's");
        }
        self.secrets(settings);
    }

    /// Secrets of the sidecar: those of a client certificate and of an AppRole have annotations.
    fn secrets(&mut self, settings: &Settings) {
        let appearance = &settings.appearance;
        for (volume, key, names) in [
            (TLS_VOLUME, Key::TlsSecret, ["tls.crt", "tls.key"]),
            (
                APPROLE_VOLUME,
                Key::ApproleSecret,
                [ROLE_ID_FILE, SECRET_ID_FILE],
            ),
        ] {
            let Some(MountedSecret { secret, items, .. }) = appearance.secret(volume) else {
                continue;
            };
            let found: Vec<_> = items.iter().map(|(key, _)| key.as_str()).collect();
            match found == names {
                true => self.say(key, secret),
                false => self.lacks(format!(
                    "the keys {} of the Secret {secret}: name them {}, for {}",
                    found.join(" and "),
                    names.join(" and "),
                    key.annotation("")
                )),
            }
        }
        if let Some(secret) = &settings.login.tls_secret {
            self.say(Key::TlsSecret, secret);
        }
        if let Some(secret) = &settings.login.approle_secret {
            self.say(Key::ApproleSecret, secret);
        }
    }

    pub(super) fn rest(&mut self, settings: &Settings) {
        if let Some(containers) = &settings.containers {
            let names: Vec<&str> = containers.iter().map(|name| name.as_str()).collect();
            match names.is_empty() {
                true => self.lacks("files that no container sees"),
                false => self.say(Key::Containers, names.join(", ")),
            }
        }
        for (key, is_so) in [(Key::Once, settings.once), (Key::Revoke, settings.revoke)] {
            if is_so {
                self.say(key, true);
            }
        }
        if let Some(grace) = settings.grace {
            self.say(Key::Grace, grace);
        }
        for (key, id) in [(Key::User, settings.user), (Key::Group, settings.group)] {
            match id {
                Some(0) => self.lacks("a sidecar that runs as user or group 0"),
                Some(id) => self.say(key, id),
                None => {}
            }
        }
        let resources = &settings.resources;
        for (key, amount) in [
            (Key::RequestsCpu, &resources.requests_cpu),
            (Key::RequestsMemory, &resources.requests_memory),
            (Key::LimitsCpu, &resources.limits_cpu),
            (Key::LimitsMemory, &resources.limits_memory),
        ] {
            if let Some(amount) = amount {
                self.say(key, amount);
            }
        }
        for on_change in &settings.on_change {
            match &on_change.name {
                Some(name) => {
                    self.say_of(Key::NamedOnChange, name.as_str(), &on_change.action);
                }
                None => self.say(Key::OnChange, &on_change.action),
            }
        }
    }

    pub(super) fn appearance(&mut self, settings: &Settings) {
        let appearance = &settings.appearance;
        for (is_so, what) in [
            (
                !appearance.waits,
                "an application that starts before its files are there",
            ),
            (
                appearance.share_process_namespace.is_some(),
                "shareProcessNamespace: write it into the pod's own spec",
            ),
            (appearance.patch.is_some(), "a JSON patch for the sidecar"),
            (
                appearance.ephemeral_storage != (None, None),
                "an amount of ephemeral storage for the sidecar",
            ),
        ] {
            if is_so {
                self.lacks(what);
            }
        }
        for argument in &appearance.arguments {
            match argument.as_str() {
                "--leave-leases" => self.differs("a secret with a lease is refused: with freshet.dev/once nobody is there to renew it"),
                argument => self.lacks(format!("the sidecar's argument {argument}")),
            }
        }
        if appearance.copied_mounts.is_some() {
            self.differs("the sidecar gets no mounts of the application's");
        }
        if appearance.log_level.is_some() || appearance.log_format.is_some() {
            self.differs("the sidecar's log is as the webhook's options say");
        }
        let usual = Appearance::default();
        if appearance.container != usual.container {
            self.differs(format!(
                "the sidecar is called {}, not {}",
                usual.container, appearance.container
            ));
        }
        if appearance.position == Position::Last {
            self.differs(
                "the sidecar stands before the pod's own init containers, which see the files, too",
            );
        }
    }
}
