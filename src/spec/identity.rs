//! Who the refresher is and where it sends its tokens: the container's arguments.
//!
//! Kubernetes lets nobody change the arguments of a running container, while annotations can be
//! changed by whoever may patch pods. So all that decides *where a token goes* is here and nothing
//! of it is in the SyncSpec, which only names a [`Profile`]. The webhook writes
//! [`Identity::to_args`]; the refresher feeds the same options to an [`IdentityBuilder`].

use std::collections::BTreeMap;

use super::login::{Login, LoginBuilder};
use super::names::{Profile, VolumeName};

/// Who to be, whom to ask, and which volumes are ours to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The pod's own login.
    pub login: Login,
    /// The logins that secrets name, each with all that it needs.
    pub profiles: BTreeMap<Profile, Login>,
    /// The volumes to write, and where the refresher has them mounted.
    pub mounts: BTreeMap<VolumeName, String>,
}

/// What is wrong with the options: all of it, one text each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct IdentityError(pub Vec<String>);

impl Identity {
    /// All logins, the pod's own first.
    pub fn logins(&self) -> impl Iterator<Item = (Option<&Profile>, &Login)> {
        let profiles = self.profiles.iter();
        let profiles = profiles.map(|(profile, login)| (Some(profile), login));
        std::iter::once((None, &self.login)).chain(profiles)
    }

    /// The options, each as one `--name=value`, in a fixed order: those of a login after the
    /// `--profile` that it belongs to.
    pub fn to_args(&self) -> Vec<String> {
        let mut args = self.login.to_args();
        let mounts = self.mounts.iter();
        args.extend(mounts.map(|(volume, directory)| format!("--mount={volume}={directory}")));
        for (profile, login) in &self.profiles {
            args.push(format!("--profile={profile}"));
            args.extend(login.to_args());
        }
        args
    }
}

/// Collects the options of a command line into an [`Identity`]. Those of a login belong to the
/// profile that was named last; before the first one, to the pod's own login.
#[derive(Debug, Default)]
pub struct IdentityBuilder {
    login: LoginBuilder,
    /// In the order of the command line; without a name where that is bad.
    profiles: Vec<(Option<Profile>, LoginBuilder)>,
    mounts: BTreeMap<VolumeName, String>,
    problems: Vec<String>,
}

impl IdentityBuilder {
    /// Takes the option `--name=value`; answers whether `name` is one of ours.
    ///
    /// A bad value is kept for [`build`](Self::build), so that all problems are told at once.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        match name {
            "mount" => self.add_mount(value),
            "profile" => self.add_profile(value),
            _ => {
                let last = self.profiles.last_mut();
                let login = last.map_or(&mut self.login, |(_, login)| login);
                return login.set(name, value);
            }
        }
        true
    }

    /// The profile whose options are being taken; `None` is the pod's own login.
    pub fn profile(&self) -> Option<&Profile> {
        self.profiles.last()?.0.as_ref()
    }

    fn add_profile(&mut self, value: &str) {
        let profile = match value.parse::<Profile>() {
            Ok(profile) => Some(profile),
            Err(invalid) => {
                self.problems
                    .push(format!("--profile: {value:?}: {invalid}"));
                None
            }
        };
        let mut known = self.profiles.iter();
        if profile.is_some() && known.any(|(known, _)| *known == profile) {
            self.problems
                .push(format!("--profile: {value:?}: given twice"));
        }
        self.profiles.push((profile, LoginBuilder::default()));
    }

    fn add_mount(&mut self, value: &str) {
        let accepted =
            "must be VOLUME=DIRECTORY, e.g. freshet-secrets=/run/freshet/mounts/freshet-secrets";
        match value
            .split_once('=')
            .map(|(volume, directory)| (volume.parse::<VolumeName>(), directory))
        {
            Some((Ok(volume), directory)) if directory.starts_with('/') => {
                if self.mounts.insert(volume, directory.to_owned()).is_some() {
                    self.problems
                        .push(format!("--mount: {value:?}: the volume is given twice"));
                }
            }
            _ => self
                .problems
                .push(format!("--mount: {value:?}: {accepted}")),
        }
    }

    /// The identity.
    ///
    /// # Errors
    /// All that is missing or wrong, one text for each option.
    pub fn build(mut self) -> Result<Identity, IdentityError> {
        let login = self.login.build();
        let login = login.map_err(|problems| self.problems.extend(problems));
        if self.mounts.is_empty() {
            self.problems
                .push("--mount: missing: name at least one volume to write".to_owned());
        }
        let mut profiles = BTreeMap::new();
        for (profile, login) in self.profiles {
            let Some(profile) = profile else {
                continue;
            };
            match login.build() {
                Ok(login) => {
                    profiles.insert(profile, login);
                }
                Err(problems) => {
                    let problems = problems.into_iter();
                    let of_profile = |problem| format!("--profile={profile} {problem}");
                    self.problems.extend(problems.map(of_profile));
                }
            }
        }
        match login {
            Ok(login) if self.problems.is_empty() => Ok(Identity {
                login,
                profiles,
                mounts: self.mounts,
            }),
            _ => Err(IdentityError(self.problems)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Auth;

    fn build(args: &[String]) -> Result<Identity, IdentityError> {
        let mut builder = IdentityBuilder::default();
        for arg in args {
            let (name, value) = arg
                .strip_prefix("--")
                .and_then(|arg| arg.split_once('='))
                .expect("--name=value");
            assert!(builder.set(name, value), "{arg}");
        }
        builder.build()
    }

    #[test]
    fn arguments_round_trip() {
        let login = Login {
            vault_address: "https://vault.vault:8200".parse().expect("address"),
            vault_namespace: Some("team-a".parse().expect("namespace")),
            auth_namespace: Some("root".parse().expect("namespace")),
            auth: Auth::Jwt("app".parse().expect("role")),
            auth_path: "jwt-prod".parse().expect("mount path"),
            audience: Some("vault".parse().expect("audience")),
            token_file: Some("/run/token".to_owned()),
            ca_file: None,
            ca_certificates: Some("MIIB,MIIC".parse().expect("certificates")),
            headers: vec!["x-team: a, b".parse().expect("a header")],
            client_certificate_dir: Some("/run/freshet/tls".to_owned()),
            tls_server_name: Some("vault.example".parse().expect("a name")),
        };
        let other = Login {
            vault_address: "https://eu:8200".parse().expect("address"),
            vault_namespace: None,
            auth_namespace: None,
            token_file: None,
            ca_certificates: None,
            headers: Vec::new(),
            ..login.clone()
        };
        let profile = |name: &str| name.parse().expect("a profile");
        let identity = Identity {
            login,
            profiles: BTreeMap::from([(profile("eu"), other.clone()), (profile("us"), other)]),
            mounts: BTreeMap::from([(
                "freshet-secrets".parse().expect("volume"),
                "/run/freshet/mounts/a=b".to_owned(),
            )]),
        };
        for auth in [
            Auth::Kubernetes("app".parse().expect("role")),
            Auth::AppRole("/run/freshet/approle".to_owned()),
            Auth::Cert(Some("app".parse().expect("role"))),
            Auth::Cert(None),
            identity.login.auth.clone(),
        ] {
            let mut identity = identity.clone();
            identity.login.auth = auth.clone();
            identity.profiles.insert(
                profile("z"),
                Login {
                    auth,
                    ..identity.login.clone()
                },
            );
            assert_eq!(build(&identity.to_args()), Ok(identity));
        }
    }

    #[test]
    fn a_profile_has_nothing_of_the_pods_login() {
        let args = [
            "--profile=EU",
            "--role=x",
            "--profile=us",
            "--vault-address=https://us:8200",
            "--mount=a=/a",
            "--profile=us",
            "--auth-type=approle",
        ];
        let error = build(&args.map(str::to_owned)).expect_err("bad options");
        let want = [
            "--profile: \"EU\": must be the name of a profile: lower-case letters, digits and inner hyphens, at most 32",
            "--profile: \"us\": given twice",
            "--vault-address: missing",
            "--role: missing",
            "--profile=us --role: missing",
            "--profile=us --vault-address: missing",
            "--profile=us --approle-dir: missing, and --auth-type=approle needs it",
        ];
        assert_eq!(error.0, want);
    }

    #[test]
    fn a_login_has_what_its_method_needs_and_nothing_else() {
        for (options, want) in [
            ("--auth-type=jwt", "--role: missing"),
            (
                "--auth-type=jwt --role=app --approle-dir=/a",
                "--approle-dir: has no place beside --auth-type=jwt",
            ),
            (
                "--auth-type=approle --role=app",
                "--role: has no place beside --auth-type=approle\n\
                 --approle-dir: missing, and --auth-type=approle needs it",
            ),
            (
                "--auth-type=cert --vault-address=http://vault:8200",
                "--client-certificate-dir: missing, and --auth-type=cert logs in with what is in it\n\
                 --vault-address: \"http://vault:8200\": must begin with https://, for \
                 --auth-type=cert logs in with the certificate of the TLS connection",
            ),
        ] {
            let mut args: Vec<String> = options.split(' ').map(str::to_owned).collect();
            if !options.contains("--vault-address") {
                args.push("--vault-address=https://vault:8200".to_owned());
            }
            args.push("--mount=a=/a".to_owned());
            let error = build(&args).expect_err(options).to_string();
            assert_eq!(error, want, "{options}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let args = [
            "--vault-address=vault",
            "--auth-type=ldap",
            "--mount=x",
            "--vault-header=Authorization: x",
            "--ca-certificates=x",
        ]
        .map(str::to_owned);
        let error = build(&args).expect_err("bad options").to_string();
        for option in [
            "--vault-address: \"vault\"",
            "--auth-type: \"ldap\"",
            "--mount: \"x\"",
            "--vault-header: \"Authorization: x\": must not carry a credential",
            "--ca-certificates: \"x\": must be base64",
            "--role: missing",
        ] {
            assert!(error.contains(option), "{option} in {error}");
        }
    }
}
