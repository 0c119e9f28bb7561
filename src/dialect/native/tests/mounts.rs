//! The directories that the files lie in.

use expect_test::expect;

use super::*;

#[test]
fn directories_become_volumes_in_the_order_of_their_paths() {
    files(
        "
        mount-path: /vault/
        secret-a: secret/a
        secret-z: secret/z
        mount-path-z: /etc/z
        secret-b: secret/b
        mount-path-b: /etc/b
        secret-c: secret/c
        mount-path-c: /vault
        file-c: sub/c
        ",
        expect![[r#"
            freshet-secrets /vault
              a 0644 {"secret":{"source":"secret/a","format":"json"}}
              sub/c 0644 {"secret":{"source":"secret/c","format":"json"}}
            freshet-secrets-2 /etc/b
              b 0644 {"secret":{"source":"secret/b","format":"json"}}
            freshet-secrets-3 /etc/z
              z 0644 {"secret":{"source":"secret/z","format":"json"}}
        "#]],
    );
}

#[test]
fn directories_lie_beside_each_other_and_clear_of_what_is_kubernetes() {
    problems(
        "
        secret-a: secret/a
        secret-b: secret/b
        mount-path-b: /secrets/b
        secret-c: secret/c
        mount-path-c: /proc/1
        secret-d: secret/d
        mount-path-d: /var/run/secrets
        secret-e: secret/e
        mount-path-e: /etc
        secret-f: secret/f
        mount-path-f: relative
        ",
        expect![[r#"
            [mount-path-b]: "/secrets/b": must not lie inside /secrets, the directory of "a": give them the same directory, or two beside each other
            [mount-path-c]: "/proc/1": must keep clear of /proc, which Kubernetes provides
            [mount-path-d]: "/var/run/secrets": must keep clear of /var/run/secrets/kubernetes.io/serviceaccount, which Kubernetes provides
            [mount-path-e]: "/etc": must keep clear of /etc/hosts, which Kubernetes provides
            [mount-path-f]: "relative": must be an absolute path, e.g. /secrets
        "#]],
    );
    problems(
        "
        mount-path: /data/inner
        secret-a: secret/a
        secret-b: secret/b
        mount-path-b: /data
        secret-c: secret/c
        mount-path-c: /database
        ",
        expect![[r#"
            [mount-path-b]: "/data": must not lie around /data/inner, the directory of "a": give them the same directory, or two beside each other
        "#]],
    );
}

#[test]
fn two_names_never_write_one_path() {
    problems(
        "
        secret-a: secret/a
        secret-b: secret/b
        file-b: a
        secret-c: secret/c
        file-c: conf/x
        secret-conf: secret/conf
        format-conf: dir
        secret-d: secret/d
        file-d: e
        secret-e: secret/e
        ",
        expect![[r#"
            [file-b]: "a": is also the file of "a", /secrets/a: each name needs a path of its own
            [file-c]: "conf/x": lies inside the file of "conf", /secrets/conf: each name needs a path of its own
            [file-d]: "e": is also the file of "e", /secrets/e: each name needs a path of its own
        "#]],
    );
}
