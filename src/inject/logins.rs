//! The logins of the refresher, and the files that they are made of: each Secret, ConfigMap and
//! audience once, however many logins use it, and in the refresher's container alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::pod::PodView;
use super::volumes::refresher_directory;
use crate::dialect::{CaSource, LoginSettings, MountedSecret, Problem, Settings};
use crate::spec::layout::{
    APPROLE_DIR, APPROLE_VOLUME, CA_DIR, CA_FILE, CA_VOLUME, TLS_DIR, TLS_VOLUME, TOKEN_DIR,
    TOKEN_FILE, TOKEN_VOLUME,
};
use crate::spec::{Audience, Auth, AuthType, Identity, Invalid, Login, Mount, Profile, Role};

/// Seconds that a projected token lives; the kubelet replaces it at 80 %. The least that Kubernetes
/// takes.
const TOKEN_SECONDS: u32 = 600;

/// The auth of each login, that of the pod itself under no name.
pub(super) type Auths = BTreeMap<Option<Profile>, Auth>;

/// What the logins of a pod are made of.
#[derive(Debug)]
pub(super) struct LoginFiles<'s> {
    /// The audiences of the service account's tokens, each with the token's file.
    tokens: Vec<(Option<&'s Audience>, String)>,
    /// ConfigMaps by name and key.
    cas: Vec<Place<(&'s str, &'s str)>>,
    /// Secrets by name.
    approles: Vec<Place<&'s str>>,
    /// Secrets by name.
    certificates: Vec<Place<&'s str>>,
    /// Secrets that a dialect mounts in places of its own.
    others: &'s [MountedSecret],
}

/// Where the refresher has what `source` holds.
#[derive(Debug)]
struct Place<S> {
    source: S,
    volume: String,
    directory: String,
}

impl<'s> LoginFiles<'s> {
    /// Those of `settings`.
    pub(super) fn of(settings: &'s Settings) -> Self {
        let mut tokens: Vec<(Option<&Audience>, String)> = Vec::new();
        for (profile, login) in settings.logins() {
            let audience = login.audience.as_ref();
            let sends = login.auth_type.sends_service_account_token();
            if sends && !tokens.iter().any(|(known, _)| *known == audience) {
                tokens.push((audience, named(TOKEN_FILE, profile)));
            }
        }
        Self {
            tokens,
            cas: places(settings, (CA_VOLUME, CA_DIR), |login| match &login.ca {
                Some(CaSource::ConfigMap { name, key }) => Some((name.as_str(), key.as_str())),
                _ => None,
            }),
            approles: places(settings, (APPROLE_VOLUME, APPROLE_DIR), |login| {
                login.approle_secret.as_deref()
            }),
            certificates: places(settings, (TLS_VOLUME, TLS_DIR), |login| {
                login.tls_secret.as_deref()
            }),
            others: &settings.appearance.secrets,
        }
    }

    /// Whether some login sends a service account's token.
    pub(super) fn has_token(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// The volume of the tokens.
    pub(super) fn token_volume(&self) -> Option<Value> {
        let source = |(audience, file): &(Option<&Audience>, String)| {
            let mut token = json!({"expirationSeconds": TOKEN_SECONDS, "path": file});
            if let Some(audience) = audience {
                token["audience"] = json!(audience.as_str());
            }
            json!({"serviceAccountToken": token})
        };
        let sources: Vec<_> = self.tokens.iter().map(source).collect();
        self.has_token()
            .then(|| json!({"name": TOKEN_VOLUME, "projected": {"sources": sources}}))
    }

    /// The volumes of the CA certificates.
    pub(super) fn ca_volumes(&self) -> impl Iterator<Item = Value> {
        self.cas.iter().map(|place| {
            let (name, key) = place.source;
            let items = json!([{"key": key, "path": CA_FILE}]);
            json!({"name": place.volume, "configMap": {"name": name, "items": items}})
        })
    }

    /// The volumes of the Secrets.
    pub(super) fn secret_volumes(&self) -> impl Iterator<Item = Value> {
        let places = self.approles.iter().chain(&self.certificates);
        places
            .map(|place| json!({"name": place.volume, "secret": {"secretName": place.source}}))
            .chain(self.others.iter().map(mounted_secret))
    }

    /// Volume and directory of the CA certificates.
    pub(super) fn ca_mounts(&self) -> impl Iterator<Item = (&str, &str)> {
        let places = self.cas.iter();
        places.map(|place| (place.volume.as_str(), place.directory.as_str()))
    }

    /// Volume and directory of the Secrets.
    pub(super) fn secret_mounts(&self) -> impl Iterator<Item = (&str, &str)> {
        let places = self.approles.iter().chain(&self.certificates);
        let others = self.others.iter();
        places
            .map(|place| (place.volume.as_str(), place.directory.as_str()))
            .chain(others.map(|secret| (secret.volume, secret.directory)))
    }

    /// How each login is made; the role is named like the service account unless it is said.
    pub(super) fn auths(
        &self,
        settings: &Settings,
        pod: &PodView<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<Auths> {
        let mut auths = Auths::new();
        for (profile, login) in settings.logins() {
            match self.auth(login, pod.service_account()) {
                Ok(auth) => {
                    auths.insert(profile.cloned(), auth);
                }
                // Of the one service account: once is enough.
                Err(problem) if problems.contains(&problem) => return None,
                Err(problem) => {
                    problems.push(problem);
                    return None;
                }
            }
        }
        Some(auths)
    }

    fn auth(&self, login: &LoginSettings, account: &str) -> Result<Auth, Problem> {
        let role = login.role.clone();
        let named = |role: Option<Role>| {
            let default = || {
                account.parse().map_err(|invalid: Invalid| {
                    Problem::of_value("spec.serviceAccountName", account, invalid.to_string())
                })
            };
            role.map_or_else(default, Ok)
        };
        Ok(match login.auth_type {
            AuthType::Kubernetes => Auth::Kubernetes(named(role)?),
            AuthType::Jwt => Auth::Jwt(named(role)?),
            AuthType::AppRole => {
                let secret = login.approle_secret.as_deref();
                let place = secret.and_then(|secret| directory(&self.approles, &secret));
                Auth::AppRole(place.unwrap_or(APPROLE_DIR).to_owned())
            }
            AuthType::Cert => Auth::Cert(role),
        })
    }

    /// The arguments' identity.
    pub(super) fn identity(
        &self,
        settings: &Settings,
        auths: &Auths,
        mounts: &[Mount],
    ) -> Option<Identity> {
        let mut logins = BTreeMap::new();
        for (profile, login) in settings.logins() {
            let profile = profile.cloned();
            let auth = auths.get(&profile)?.clone();
            logins.insert(profile, self.login(login, auth));
        }
        let mut login = logins.remove(&None)?;
        if let Some(certificate) = settings.appearance.secret(TLS_VOLUME) {
            login.client_certificate_dir = Some(certificate.directory.to_owned());
        }
        let mounts = mounts.iter();
        Some(Identity {
            login,
            profiles: logins
                .into_iter()
                .filter_map(|(profile, login)| Some((profile?, login)))
                .collect(),
            mounts: mounts
                .map(|mount| (mount.volume.clone(), refresher_directory(&mount.volume)))
                .collect(),
        })
    }

    fn login(&self, login: &LoginSettings, auth: Auth) -> Login {
        let sends = login.auth_type.sends_service_account_token();
        let audience = login.audience.as_ref();
        let mut tokens = self.tokens.iter();
        let token = tokens.find(|(known, _)| sends && *known == audience);
        let token = token.filter(|(_, file)| file != TOKEN_FILE);
        let token = token.map(|(_, file)| format!("{TOKEN_DIR}/{file}"));
        let ca = match &login.ca {
            Some(CaSource::ConfigMap { name, key }) => {
                directory(&self.cas, &(name.as_str(), key.as_str()))
            }
            _ => None,
        };
        let certificate = login.tls_secret.as_deref();
        let certificate = certificate.and_then(|secret| directory(&self.certificates, &secret));
        Login {
            vault_address: login.vault_address.clone(),
            vault_namespace: login.vault_namespace.clone(),
            auth_namespace: login.auth_namespace.clone(),
            auth,
            auth_path: login.auth_path.clone(),
            audience: login.audience.clone(),
            token_file: login.token_file.clone().or(token),
            ca_file: ca
                .map(|directory| format!("{directory}/{CA_FILE}"))
                .or_else(|| login.ca_file.clone()),
            ca_certificates: match &login.ca {
                Some(CaSource::Bundle(certificates)) => Some(certificates.clone()),
                _ => None,
            },
            headers: login.headers.clone(),
            client_certificate_dir: certificate.map(str::to_owned),
            tls_server_name: login.tls_server_name.clone(),
        }
    }
}

/// One place for each source, named after the first login that uses it.
fn places<'s, S: PartialEq>(
    settings: &'s Settings,
    (volume, directory): (&str, &str),
    source: impl Fn(&'s LoginSettings) -> Option<S>,
) -> Vec<Place<S>> {
    let mut places: Vec<Place<S>> = Vec::new();
    for (profile, login) in settings.logins() {
        if let Some(source) = source(login)
            && !places.iter().any(|place| place.source == source)
        {
            places.push(Place {
                source,
                volume: named(volume, profile),
                directory: named(directory, profile),
            });
        }
    }
    places
}

fn named(name: &str, profile: Option<&Profile>) -> String {
    match profile {
        Some(profile) => format!("{name}-{profile}"),
        None => name.to_owned(),
    }
}

fn directory<'p, S: PartialEq>(places: &'p [Place<S>], source: &S) -> Option<&'p str> {
    let place = places.iter().find(|place| place.source == *source)?;
    Some(&place.directory)
}

fn mounted_secret(own: &MountedSecret) -> Value {
    let mut secret = json!({"secretName": own.secret});
    if !own.items.is_empty() {
        let items = own.items.iter();
        let items = items.map(|(key, path)| json!({"key": key, "path": path}));
        secret["items"] = items.collect();
    }
    json!({"name": own.volume, "secret": secret})
}
