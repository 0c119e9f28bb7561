//! A password is in Vault and in the pod's memory, and nowhere else.

use crate::git::Repository;
use crate::sought::Sought;

/// Where a password must not be found, and something else that must be, or the search found nothing
/// because it looked nowhere.
#[track_caller]
pub(crate) fn check(repository: &Repository, passwords: &[&str]) {
    let path = Sought::new("mysql_credentials");
    assert!(!path.in_etcd().is_empty(), "etcd was searched");
    assert!(!path.in_objects().is_empty(), "objects were searched");
    assert!(!path.on_disk().is_empty(), "the disk was searched");
    assert!(
        path.is_in(repository.everything().as_bytes()),
        "Git was searched"
    );
    // What the application of the example prints.
    let printed = Sought::new("listening on http://");
    assert!(!printed.in_logs().is_empty(), "logs were searched");

    for password in passwords {
        let sought = Sought::new(password);
        let nothing = Vec::<String>::new();
        assert_eq!(sought.in_etcd(), nothing, "keys of etcd with {password}");
        assert_eq!(sought.in_objects(), nothing, "objects with {password}");
        assert_eq!(sought.in_logs(), nothing, "logs with {password}");
        assert_eq!(sought.on_disk(), nothing, "files with {password}");
        assert!(
            !sought.is_in(repository.everything().as_bytes()),
            "Git with {password}"
        );
    }
}
