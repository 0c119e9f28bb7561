//! The keys of a file: what is fetched, how it is written.

use expect_test::expect;

use super::*;

#[test]
fn a_format_fits_what_is_fetched() {
    files(
        "
        secret-a: secret/db#password
        secret-b: secret/db?version=3
        secret-c: secret/db#password
        format-c: json
        secret-d: secret/db
        format-d: dir
        ",
        expect![[r#"
            freshet-secrets /secrets
              a 0644 {"secret":{"source":"secret/db#password","format":"raw"}}
              b 0644 {"secret":{"source":"secret/db?version=3","format":"json"}}
              c 0644 {"secret":{"source":"secret/db#password","format":"json"}}
              d 0644 {"secret":{"source":"secret/db","format":"dir"}}
        "#]],
    );
    problems(
        "
        secret-a: secret/db
        format-a: raw
        secret-b: secret/db?version=3#password
        format-b: env
        secret-c: secret/db#password
        format-c: properties
        secret-d: secret/db#password
        format-d: dir
        ",
        expect![[r##"
            [format-a]: "raw": needs one key: write secret-a: secret/db#<key>, or take json
            [format-b]: "env": takes a whole secret: write secret-b: secret/db?version=3 without "#password"
            [format-c]: "properties": takes a whole secret: write secret-c: secret/db without "#password"
            [format-d]: "dir": takes a whole secret: write secret-d: secret/db without "#password"
        "##]],
    );
}

#[test]
fn a_certificate_is_asked_for_by_what_it_is_for() {
    files(
        "
        secret-a: pki/issue/web?ttl=24h&common_name=web.shop.svc
        format-a: pem
        secret-b: pki/issue/web?common_name=web.shop.svc#private_key
        ",
        expect![[r#"
            freshet-secrets /secrets
              a 0644 {"secret":{"source":"pki/issue/web?common_name=web.shop.svc&ttl=24h","format":"pem"}}
              b 0644 {"secret":{"source":"pki/issue/web?common_name=web.shop.svc#private_key","format":"raw"}}
        "#]],
    );
    problems(
        "
        secret-a: pki/issue/web?common_name=web#certificate
        format-a: pem
        secret-b: pki/issue/web
        format-b: pem-bundle
        secret-c: pki/issue/web?common_name=web
        format-c: pem_bundle
        secret-d: pki/issue/web?common_name=web&ttl=soon
        secret-e: secret/db?verison=3
        secret-f: secret/db?version=3&ttl=1h
        secret-g: pki/issue/web?common_name=web&format=der
        format-g: pkcs12
        ",
        expect![[r##"
            [format-a]: "pem": takes a whole secret: write secret-a: pki/issue/web?common_name=web without "#certificate"
            [format-b]: "pem-bundle": needs a certificate that Vault issues, and pki/issue/web is only read: name what it is for, e.g. secret-b: pki/issue/web?common_name=web.shop.svc
            [format-c]: "pem_bundle": must be raw, json, yaml, env, properties or dir, or for a certificate pem, pem-bundle or pkcs12
            [format-g]: "pkcs12": is made of PEM, which is what Vault answers by itself: take format=der out of secret-g
            [secret-d]: "pki/issue/web?common_name=web&ttl=soon": must have a duration as ttl, e.g. ttl=24h
            [secret-e]: "secret/db?verison=3": has a parameter verison: did you mean ?version=N?
            [secret-f]: "secret/db?version=3&ttl=1h": must have after "?" either version=N alone, e.g. secret/db?version=3#password, or the parameters of a request, e.g. pki/issue/web?common_name=web.shop.svc&ttl=24h
        "##]],
    );
}

#[test]
fn a_template_has_its_settings_and_no_format() {
    files(
        "
        template-a: host={{ .host }}
        secret-b: secret/db
        template-b: [[ .password ]]
        left-delimiter-b: [[
        right-delimiter-b: ]]
        functions-b: sprig
        missing-key-b: zero
        ",
        expect![[r#"
            freshet-secrets /secrets
              a 0644 {"template":{"template":{"text":"host={{ .host }}","functions":"external-secrets","missingKey":"error","delimiters":["{{","}}"]}}}
              b 0644 {"template":{"source":"secret/db","template":{"text":"[[ .password ]]","functions":"sprig","missingKey":"zero","delimiters":["[[","]]"]}}}
        "#]],
    );
    problems(
        "
        template-a: x
        format-a: raw
        secret-b: secret/db
        functions-b: sprig
        left-delimiter-b: [[
        template-c:
        left-delimiter-c:
        functions-c: jinja
        missing-key-c: ignore
        ",
        expect![[r#"
            [format-a]: cannot be combined with template-a: the template decides what the file holds
            [functions-b]: speaks of a template, and there is no template-b
            [functions-c]: "jinja": must be go, sprig, external-secrets or consul-template
            [left-delimiter-b]: speaks of a template, and there is no template-b
            [left-delimiter-c]: "": must not be empty
            [missing-key-c]: "ignore": must be error, zero or default
            [template-c]: must not be empty
        "#]],
    );
}

#[test]
fn a_broken_template_is_told_with_line_and_column() {
    let mut pod = annotations(
        "inject: true\nsecret-a: secret/a\ntemplate-b: {{ .a }\ntemplate-c: [[ .a ]\nleft-delimiter-c: [[\nright-delimiter-c: ]]\ntemplate-d: {{ nosuch }}",
    );
    pod.insert(
        Key::Template.annotation("a"),
        "user={{ .user }}\n{{ if .x }}".to_owned(),
    );
    let refusal = parse(&pod, &defaults()).expect_err("broken templates");
    expect![[r#"
        [template-a]: template:2:12: unexpected EOF
        [template-b]: template:1:7: at <}>: unexpected "}" in operand
        [template-c]: template:1:7: at <]>: unexpected "]" in operand
        [template-d]: template:1:4: at <nosuch>: function "nosuch" not defined in the table external-secrets
    "#]].assert_eq(&lines(&refusal.problems));
}

#[test]
fn a_key_of_a_file_that_nothing_fills_is_told_the_names() {
    problems(
        "
        secret-db: secret/db
        secret-tls: secret/tls
        mode-dbb: 0400
        file-credentials: x
        ",
        expect![[r#"
            [file-credentials]: there is neither secret-credentials nor template-credentials; the names are "db", "tls"
            [mode-dbb]: there is neither secret-dbb nor template-dbb: did you mean mode-db?
        "#]],
    );
}

/// Text that hardly compresses below three quarters of its size.
fn noise(bytes: usize) -> String {
    let mut state: u64 = 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'!' + (state >> 58) as u8)
    };
    (0..bytes)
        .map(|_| next())
        .collect::<String>()
        .replace(['{', '}'], "_")
}

#[test]
fn a_large_sync_spec_is_warned_of_and_a_huge_one_refused() {
    let with_template = |bytes| {
        let mut pod = annotations("inject: true");
        pod.insert(format!("{PREFIX}template-big"), noise(bytes));
        parse(&pod, &defaults())
    };
    let Ok(Reading::Asked(large)) = with_template(80 << 10) else {
        panic!("80 KiB are accepted");
    };
    expect![[r#"
        [sync-spec]: will take 84 KiB of at most 128 KiB: spread the files over several pods, or keep long templates in the application and fetch values alone
    "#]].assert_eq(&lines(&large.warnings));
    let annotation = large.spec.to_annotation();
    assert!(annotation.starts_with("zlib:"));
    assert_eq!(SyncSpec::from_annotation(&annotation), Ok(large.spec));
    let refusal = with_template(160 << 10).expect_err("160 KiB are refused");
    expect![[r#"
        [sync-spec]: would take 167 KiB; at most 128 KiB, and 1 MiB before compression, are accepted: spread the files over several pods, or keep long templates in the application and fetch values alone
    "#]].assert_eq(&lines(&refusal.problems));
}
