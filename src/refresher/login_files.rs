//! The files that a login is made of. They are read at every login, so whoever replaces them, as the
//! kubelet does, need not restart anything.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::secret::SecretBytes;
use crate::spec::Auth;
use crate::spec::layout::{ROLE_ID_FILE, SECRET_ID_FILE};
use crate::vault::LoginCredentials;

/// Where the credentials are.
#[derive(Debug)]
pub(crate) enum LoginFiles {
    /// The projected service-account token.
    ServiceAccountToken(PathBuf),
    /// The directory of an AppRole.
    AppRole(PathBuf),
    /// The TLS connection has them.
    ClientCertificate,
}

impl LoginFiles {
    /// The files of `auth`; `token` is the service-account token's.
    pub(crate) fn of(auth: &Auth, token: &Path) -> Self {
        match auth {
            Auth::Kubernetes(_) | Auth::Jwt(_) => Self::ServiceAccountToken(token.to_owned()),
            Auth::AppRole(directory) => Self::AppRole(directory.into()),
            Auth::Cert(_) => Self::ClientCertificate,
        }
    }

    /// What they hold now.
    ///
    /// # Errors
    /// When one cannot be read; the text names it.
    pub(crate) fn read(&self) -> Result<LoginCredentials, String> {
        Ok(match self {
            Self::ServiceAccountToken(path) => {
                LoginCredentials::ServiceAccountToken(read(path.clone()).map_err(unreadable)?)
            }
            Self::AppRole(directory) => {
                let role_id = read(directory.join(ROLE_ID_FILE)).map_err(unreadable)?;
                let secret_id = match read(directory.join(SECRET_ID_FILE)) {
                    Ok(secret_id) => Some(secret_id),
                    // A role may do without; one that does not says so.
                    Err((_, error)) if error.kind() == io::ErrorKind::NotFound => None,
                    Err(failure) => return Err(unreadable(failure)),
                };
                LoginCredentials::AppRole { role_id, secret_id }
            }
            Self::ClientCertificate => LoginCredentials::ClientCertificate,
        })
    }
}

fn read(path: PathBuf) -> Result<SecretBytes, (PathBuf, io::Error)> {
    match fs::read(&path) {
        Ok(bytes) => Ok(SecretBytes::new(bytes)),
        Err(error) => Err((path, error)),
    }
}

fn unreadable((path, error): (PathBuf, io::Error)) -> String {
    format!("cannot read {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_an_approle_are_read_anew_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("written");
        };
        let auth = Auth::AppRole(folder.path().display().to_string());
        let files = LoginFiles::of(&auth, Path::new("/nowhere"));
        let error = files.read().expect_err("no role id");
        assert!(error.contains("role-id: No such file"), "{error}");
        write("role-id", "r-1");
        let ids = |secret_id: Option<&str>| {
            Ok(LoginCredentials::AppRole {
                role_id: "r-1".to_owned().into(),
                secret_id: secret_id.map(|text| text.to_owned().into()),
            })
        };
        assert_eq!(files.read(), ids(None));
        for text in ["s-1", "s-2"] {
            write("secret-id", text);
            assert_eq!(files.read(), ids(Some(text)));
        }
        fs::remove_file(folder.path().join("secret-id")).expect("removed");
        fs::create_dir(folder.path().join("secret-id")).expect("a folder");
        let error = files.read().expect_err("no file");
        assert!(error.contains("secret-id: "), "{error}");
    }
}
