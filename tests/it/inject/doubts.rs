//! What is admitted with a warning, and what is not worth one.

use expect_test::{Expect, expect};

use super::{decision, denied, injection, lines, pod};

/// The warnings about a file of this mode, in a pod with these security contexts of the pod and of
/// its only container.
#[track_caller]
fn mode(mode: &str, pod_context: &str, context: &str, annotations: &str, warns: bool) {
    let pod = pod(&format!(
        "{{metadata: {{annotations: {{freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, freshet.dev/mode-a: '{mode}', {annotations}}}}}, spec: {{securityContext: {pod_context}, containers: [{{name: web, securityContext: {context}}}]}}}}"
    ));
    let text = lines(&injection(&pod).warnings);
    assert_eq!(
        !text.is_empty(),
        warns,
        "{mode} {pod_context} {context} {annotations}: {text}"
    );
    if warns {
        let start = format!(
            "spec.containers[0]: \"web\": may not be able to read /secrets/a, whose mode is {mode}: "
        );
        assert!(text.starts_with(&start), "{text}");
    }
}

#[test]
fn a_mode_that_hides_a_file_from_another_user_is_a_warning() {
    mode("0644", "{}", "{}", "a: b", false);
    // The users of the images are unknown.
    mode("0400", "{}", "{}", "a: b", true);
    mode("0440", "{}", "{}", "a: b", true);
    // The refresher takes the container's user, or the pod's.
    let thousand = "{runAsUser: 1000}";
    mode("0400", "{}", thousand, "a: b", false);
    mode("0400", thousand, "{}", "a: b", false);
    mode("0400", thousand, "{}", "freshet.dev/user: '5'", true);
    mode("0400", "{}", thousand, "freshet.dev/user: '1000'", false);
}

#[test]
fn root_reads_all_unless_it_has_no_capability() {
    let drops = "{runAsUser: 0, capabilities: {drop: [ALL]}}";
    let keeps = "{runAsUser: 0, capabilities: {drop: [ALL], add: [DAC_OVERRIDE]}}";
    mode("0400", "{}", "{runAsUser: 0}", "a: b", false);
    mode("0400", "{}", drops, "a: b", true);
    mode("0400", "{}", keeps, "a: b", false);
}

#[test]
fn the_group_of_the_files_is_the_pods_fs_group_or_else_the_refreshers() {
    mode("0440", "{fsGroup: 2000}", "{}", "a: b", false);
    mode("0400", "{fsGroup: 2000}", "{}", "a: b", true);
    let other = "freshet.dev/user: '5', freshet.dev/group: '7'";
    let (same, another) = (
        "{runAsUser: 9, runAsGroup: 7}",
        "{runAsUser: 9, runAsGroup: 8}",
    );
    mode("0440", "{}", same, other, false);
    mode("0440", "{}", another, other, true);
    let groups = "{supplementalGroups: [6, 7]}";
    mode("0440", groups, "{runAsUser: 9}", other, false);
    mode("0400", groups, "{runAsUser: 9}", other, true);
}

#[test]
fn only_the_containers_that_see_a_file_need_to_read_it() {
    let text = "
        metadata:
          annotations: {freshet.dev/inject: 'true', freshet.dev/secret-a: a/b, freshet.dev/mode-a: '0400', freshet.dev/containers: web}
        spec: {containers: [{name: web, securityContext: {runAsUser: 7}}, {name: other, securityContext: {runAsUser: 8}}]}";
    assert_eq!(injection(&pod(text)).warnings, []);
}

/// The problems of a pod whose only container has one mount.
#[track_caller]
fn mount(mount: &str, expected: Expect) {
    let pod = pod(&format!(
        "{{metadata: {{annotations: {{annotations}}}}, spec: {{containers: [{{name: web, volumeMounts: [{{name: data, mountPath: {mount}}}]}}]}}}}"
    ));
    expected.assert_eq(&denied(decision(&pod)));
}

#[test]
fn a_mount_at_above_or_below_ours_is_refused_however_it_is_written() {
    mount(
        "/secrets",
        expect![[
            r#"spec.containers[0].volumeMounts[0].mountPath: "/secrets": overlaps /secrets, where the secrets are mounted: move it, or set freshet.dev/mount-path"#
        ]],
    );
    mount(
        "/secrets/app.conf, subPath: app.conf",
        expect![[
            r#"spec.containers[0].volumeMounts[0].mountPath: "/secrets/app.conf": overlaps /secrets, where the secrets are mounted: move it, or set freshet.dev/mount-path"#
        ]],
    );
    mount(
        "/",
        expect![[
            r#"spec.containers[0].volumeMounts[0].mountPath: "/": overlaps /secrets, where the secrets are mounted: move it, or set freshet.dev/mount-path"#
        ]],
    );
    mount(
        "/etc/../secrets/.",
        expect![[
            r#"spec.containers[0].volumeMounts[0].mountPath: "/etc/../secrets/.": overlaps /secrets, where the secrets are mounted: move it, or set freshet.dev/mount-path"#
        ]],
    );
    for free in ["/secrets2", "/etc/secrets", "/secret", "''"] {
        injection(&pod(&format!(
            "{{metadata: {{annotations: {{annotations}}}}, spec: {{containers: [{{name: web, volumeMounts: [{{name: data, mountPath: {free}}}]}}]}}}}"
        )));
    }
}
