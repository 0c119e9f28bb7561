//! How the pod logs in: the method, and the parameters of the agent's that it needs.

use super::annotations::{Annotations, Given, Reader};
use super::pod::{PodOutline, VolumeOutline};
use super::tls::SecretFile;
use super::vocabulary::Key;
use crate::dialect::findings::at;
use crate::dialect::{DialectDefaults, MountedSecret, NeededFile};
use crate::spec::layout::{
    APPROLE_DIR, APPROLE_VOLUME, ROLE_ID_FILE, SECRET_ID_FILE, TOKEN_DIR, TOKEN_FILE,
};
use crate::spec::{Audience, AuthType, MountPath, Role};

/// A login, and what the sidecar needs for it.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) auth_type: AuthType,
    pub(super) auth_path: MountPath,
    pub(super) role: Option<Role>,
    pub(super) audience: Option<Audience>,
    /// The token that is sent, where it is not the sidecar's own.
    pub(super) token_file: Option<NeededFile>,
    /// With `approle`, the Secret with its two ids.
    pub(super) approle: Option<MountedSecret>,
}

/// Where the injector mounts a token's volume that no container mounts.
const INJECTED_TOKEN_DIR: &str = "/var/run/secrets/vault.hashicorp.com/serviceaccount";

/// Parameters that a method knows, in the agent's words.
const PARAMETERS: [(AuthType, &[&str]); 4] = [
    (AuthType::Kubernetes, &["role", "token_path"]),
    (AuthType::Jwt, &["role", "path"]),
    (
        AuthType::AppRole,
        &["role_id_file_path", "secret_id_file_path"],
    ),
    (
        AuthType::Cert,
        &["name", "client_cert", "client_key", "ca_cert"],
    ),
];

/// The login; `None` is always accompanied by a problem.
pub(super) fn read(
    reader: &mut Reader<'_, '_>,
    pod: &PodOutline<'_>,
    defaults: &DialectDefaults,
) -> Option<Login> {
    let audience = audience(reader, pod);
    let auth_type = auth_type(reader, defaults);
    let auth_path = auth_path(reader, auth_type, defaults);
    let role = match auth_type? {
        AuthType::Kubernetes | AuthType::Jwt => Some(role(reader)?),
        AuthType::AppRole => {
            reader.doubt(Key::Role, "has no effect: the role id decides on the role");
            None
        }
        AuthType::Cert => {
            let message = "has no effect: the auth method cert takes auth-config-name";
            reader.doubt(Key::Role, message);
            let name = parameter(reader.given, "name");
            name.and_then(|given| given.parse(reader.findings))
        }
    };
    let auth_type = auth_type?;
    doubt_parameters(reader, auth_type);
    let sends_token = auth_type.sends_service_account_token();
    let approle = match auth_type {
        AuthType::AppRole => Some(approle(reader)?),
        _ => None,
    };
    Some(Login {
        auth_type,
        auth_path: auth_path?,
        role,
        audience: audience.filter(|_| sends_token),
        token_file: token_file(reader.given, auth_type),
        approle,
    })
}

fn auth_type(reader: &mut Reader<'_, '_>, defaults: &DialectDefaults) -> Option<AuthType> {
    let Some(given) = reader.given.get(Key::AuthType) else {
        return Some(usual_method(defaults));
    };
    let lower = given.value.to_lowercase();
    let way_out = match lower.parse::<AuthType>() {
        Ok(auth_type) if lower == given.value => return Some(auth_type),
        Ok(auth_type) => format!("must be {auth_type}, in lower case"),
        Err(_) => "the sidecar logs in as the pod's service account, with kubernetes or jwt, or with approle or cert: give the pod's service account a role of one of these".to_owned(),
    };
    reader.findings.problem(given.say(way_out));
    None
}

/// The method of a pod that names none.
fn usual_method(defaults: &DialectDefaults) -> AuthType {
    defaults.vault_k8s.auth_type.unwrap_or(defaults.auth_type)
}

/// The webhook's path is taken for every method, as the injector does.
fn auth_path(
    reader: &mut Reader<'_, '_>,
    auth_type: Option<AuthType>,
    defaults: &DialectDefaults,
) -> Option<MountPath> {
    if let Some(given) = reader.given.get(Key::AuthPath) {
        return given.parse(reader.findings);
    }
    let usual = usual_method(defaults);
    let own = defaults.vault_k8s.auth_path.clone();
    // The path of all dialects belongs to the method of all dialects.
    let shared = defaults.auth_path.clone();
    let shared = shared.filter(|_| usual == defaults.auth_type);
    let path = own.or(shared).unwrap_or_else(|| usual.mount_path());
    if auth_type.is_some_and(|auth_type| auth_type != usual) {
        let message = format!(
            "is mounted at auth/{path}, as the webhook says of {usual}: if it is not, set auth-path"
        );
        reader.doubt(Key::AuthType, &message);
    }
    Some(path)
}

/// `role`, or else `auth-config-role`.
fn role(reader: &mut Reader<'_, '_>) -> Option<Role> {
    let role = reader.given.text(Key::Role);
    let Some(given) = role.or_else(|| parameter(reader.given, "role")) else {
        let problem = at(&reader.given.name(Key::Role))
            .say("missing: name the Vault role to log in with, e.g. app");
        reader.findings.problem(problem);
        return None;
    };
    given.parse(reader.findings)
}

/// A parameter of the method that is not empty; hyphens stand for underscores.
pub(super) fn parameter<'a>(given: &Annotations<'a>, name: &str) -> Option<Given<'a>> {
    let mut all = given.family(Key::AuthConfig);
    all.find(|(own, given)| own.replace('-', "_") == name && !given.value.is_empty())
        .map(|(_, given)| given)
}

fn doubt_parameters(reader: &mut Reader<'_, '_>, auth_type: AuthType) {
    let known = PARAMETERS.iter().find(|(own, _)| *own == auth_type);
    let known = known.map_or(&[][..], |(_, names)| names);
    for (name, given) in reader.given.family(Key::AuthConfig) {
        if !known.contains(&name.replace('-', "_").as_str()) {
            let message = format!("has no effect with the auth method {auth_type}");
            reader.findings.warn(given.say(message));
        }
    }
}

/// The audience of the volume's token, which the sidecar's own token gets.
fn audience(reader: &mut Reader<'_, '_>, pod: &PodOutline<'_>) -> Option<Audience> {
    let given = reader.given.text(Key::TokenVolume)?;
    let problem = match pod.volumes.get(given.value) {
        Some(VolumeOutline::Token(None)) => return None,
        Some(VolumeOutline::Token(Some(audience))) => match audience.parse() {
            Ok(audience) => return Some(audience),
            Err(invalid) => given.say(format!("is a volume whose token's audience {invalid}")),
        },
        Some(VolumeOutline::Other) => {
            given.say("is a volume without a service account token: name a projected one that has")
        }
        None => given.say("is no volume of the pod"),
    };
    reader.findings.problem(problem);
    None
}

/// The file of the token that is sent, unless it is one that the sidecar has of its own.
fn token_file(given: &Annotations<'_>, auth_type: AuthType) -> Option<NeededFile> {
    let name = match auth_type {
        AuthType::Kubernetes => "token_path",
        AuthType::Jwt => "path",
        AuthType::AppRole | AuthType::Cert => return None,
    };
    let given = parameter(given, name)?;
    let is_own = given.value == format!("{TOKEN_DIR}/{TOKEN_FILE}")
        || given.value == format!("/run/secrets/kubernetes.io/serviceaccount/{TOKEN_FILE}")
        || given.value.starts_with(INJECTED_TOKEN_DIR);
    (!is_own).then(|| NeededFile {
        annotation: given.key.to_owned(),
        path: given.value.to_owned(),
    })
}

/// The ids have to be keys of the Secret that the sidecar sees in `/vault/custom`. A role may do without
/// a secret id.
fn approle(reader: &mut Reader<'_, '_>) -> Option<MountedSecret> {
    let way_out = "a key of the Secret that agent-extra-secret names, e.g. /vault/custom/role-id";
    let id = |given: Given<'_>| {
        SecretFile::at(reader.given, given.value)
            .ok_or_else(|| given.say(format!("must be {way_out}")))
    };
    let role = match parameter(reader.given, "role_id_file_path") {
        Some(given) => id(given),
        None => {
            let key = reader.given.name_of(Key::AuthConfig, "role-id-file-path");
            Err(at(&key).say(format!(
                "missing: the auth method approle reads it: name {way_out}"
            )))
        }
    };
    let given = parameter(reader.given, "secret_id_file_path");
    let secret = given.map(id).transpose();
    let (role, secret) = match (role, secret) {
        (Ok(role), Ok(secret)) => (role, secret),
        (role, secret) => {
            let problems: Vec<_> = [role.err(), secret.err()].into_iter().flatten().collect();
            for problem in problems {
                reader.findings.problem(problem);
            }
            return None;
        }
    };
    let mut items = vec![(role.key, ROLE_ID_FILE)];
    if let (Some(secret), Some(given)) = (secret, given) {
        if secret.secret != role.secret {
            let problem = given.say("must be a key of the same Secret as the role id");
            reader.findings.problem(problem);
            return None;
        }
        items.push((secret.key, SECRET_ID_FILE));
    }
    Some(MountedSecret {
        volume: APPROLE_VOLUME,
        secret: role.secret,
        items,
        directory: APPROLE_DIR,
    })
}
