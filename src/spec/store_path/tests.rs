use super::*;

/// A store as `v2 secret`, or `v2` without a path.
fn store(text: &str) -> StorePath {
    let (version, path) = text.split_once(' ').unwrap_or((text, ""));
    StorePath {
        mount: (!path.is_empty()).then(|| path.parse().expect("a mount")),
        v1: version == "v1",
    }
}

/// The path of Vault's API.
fn api(result: Result<SecretRef, Invalid>) -> String {
    let Ok(secret) = result else {
        return "refused".to_owned();
    };
    let (kv, mount) = (
        secret.kv.expect("declared"),
        secret.mount().expect("a mount"),
    );
    let rest = secret
        .path
        .as_str()
        .strip_prefix(mount.as_str())
        .expect("below");
    let folder = match (kv.version, kv.part) {
        (KvVersion::One, _) => "",
        (KvVersion::Two, KvPart::Data) => "/data",
        (KvVersion::Two, _) => "/metadata",
    };
    format!("{mount}{folder}{rest}")
}

#[track_caller]
fn check(rows: &str, read: fn(&StorePath, &str) -> Result<SecretRef, Invalid>) {
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let mut columns = row.split('|').map(str::trim);
        let mut column = || columns.next().expect(row);
        let (given, key, want) = (store(column()), column(), column());
        assert_eq!(api(read(&given, key)), want, "{row}");
    }
}

#[test]
fn the_data_of_a_key_lies_where_the_store_says() {
    let rows = "
        v2 secret      | foo                    | secret/data/foo
        v2 secret      | foo/bar                | secret/data/foo/bar
        v2 secret      | secret/foo             | secret/data/foo
        v2 secret      | secret/data/foo        | secret/data/foo
        v2 secret      | data/foo               | secret/data/data/foo
        v2 secret      | secret/data/data/foo   | secret/data/data/foo
        v2 secret      | secret/secret/foo      | secret/data/secret/foo
        v2 secret      | secret                 | secret/data/secret
        v2 secret      | secretfoo              | secret/data/secretfoo
        v2 secret      | /foo                   | secret/data/foo
        v2 secret      | secret/                | refused
        v2 secret      | foo//bar               | refused
        v2 secret      | ../foo                 | refused
        v2 secret      | foo?version=1          | refused
        v2 team/kv     | foo                    | team/kv/data/foo
        v2 team/kv     | team/kv/foo            | team/kv/data/foo
        v2 team/kv     | team/kv/data/foo       | team/kv/data/foo
        v2 team/kv     | team/foo               | team/kv/data/team/foo
        v2             | secret/foo             | secret/data/foo
        v2             | secret/foo/bar         | secret/data/foo/bar
        v2             | secret/data/foo        | secret/data/foo
        v2             | team/kv/data/foo       | team/kv/data/foo
        v2             | a/data/b/data/c        | a/data/b/data/c
        v2             | foo                    | refused
        v1 secret      | foo                    | secret/foo
        v1 secret      | secret/foo             | secret/foo
        v1 secret      | secret/data/foo        | secret/data/foo
        v1 team/kv     | foo                    | team/kv/foo
        v1             | secret/foo             | secret/foo
        v1             | secret/data/foo        | secret/data/foo
    ";
    check(rows, |store, key| store.data(key, false));
}

#[test]
fn the_metadata_of_a_key_lies_where_external_secrets_looks_for_it() {
    let rows = "
        v2 secret   | foo                  | secret/metadata/foo
        v2 secret   | secret/foo           | secret/metadata/secret/foo
        v2 team/kv  | a/b                  | team/kv/metadata/a/b
        v2          | secret/data/foo      | secret/metadata/foo
        v2          | team/kv/data/a/b     | team/kv/metadata/a/b
        v2          | secret/foo           | refused
        v1 secret   | foo                  | refused
    ";
    check(rows, |store, key| store.metadata(key, false));
}

#[test]
fn a_list_lies_beside_the_data() {
    let rows = "
        v2 secret   |                      | secret/metadata
        v2 secret   | team                 | secret/metadata/team
        v2 team/kv  | a/b                  | team/kv/metadata/a/b
        v2          | secret/data/team     | secret/metadata/team
        v2          |                      | refused
        v2          | secret/team          | refused
        v1 secret   | team                 | secret/team
        v1 secret   |                      | secret
        v1          | secret/team          | refused
    ";
    check(rows, |store, folder| store.list(folder, false));
}
