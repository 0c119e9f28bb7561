#![expect(
    clippy::disallowed_methods,
    reason = "the files of a certificate, not of a pod"
)]

use std::fs;
use std::os::unix::fs::symlink;

use expect_test::{Expect, expect};
use rcgen::{CertifiedKey as Generated, generate_simple_self_signed};

use super::*;
use crate::webhook::metrics::Metrics;

fn generate(name: &str) -> Generated<rcgen::KeyPair> {
    generate_simple_self_signed([name.to_owned()]).expect("generated")
}

fn write(directory: &Path, chain: &str, key: &str) {
    fs::create_dir_all(directory).expect("made");
    fs::write(directory.join("tls.crt"), chain).expect("written");
    fs::write(directory.join("tls.key"), key).expect("written");
}

fn load(directory: &Path) -> Result<FileCertificate, CertificateError> {
    load_counted(directory, &Arc::default())
}

fn load_counted(
    directory: &Path,
    metrics: &Arc<Metrics>,
) -> Result<FileCertificate, CertificateError> {
    FileCertificate::load(
        CertificateFiles::Directory(directory.to_owned()),
        Arc::new(Served::new(metrics.clone())),
    )
}

fn leaf(certificate: &FileCertificate) -> Vec<u8> {
    certificate.served.leaf().expect("a certificate")
}

#[track_caller]
fn check_problem(chain: &str, key: &str, want: Expect) {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), chain, key);
    let problem = load(directory.path()).err().expect("refused").to_string();
    want.assert_eq(&problem.replace(&directory.path().display().to_string(), "DIR"));
}

#[test]
fn what_is_wrong_is_said() {
    let (one, two) = (generate("one"), generate("two"));
    let (chain, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    check_problem(
        "",
        &key,
        expect!["certificate: DIR/tls.{crt,key}: no certificate: must be PEM, with the leaf first"],
    );
    check_problem(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        &key,
        expect!["certificate: DIR/tls.{crt,key}: the first certificate cannot be parsed"],
    );
    check_problem(
        &chain,
        "",
        expect![
            "certificate: DIR/tls.{crt,key}: no private key: must be PEM, PKCS#8, PKCS#1 or SEC1"
        ],
    );
    check_problem(
        &chain,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        expect![
            "certificate: DIR/tls.{crt,key}: the private key cannot be used: must be RSA (2048 bits or more), ECDSA P-256 or P-384, or Ed25519"
        ],
    );
    check_problem(
        &chain,
        &two.signing_key.serialize_pem(),
        expect![
            "certificate: DIR/tls.{crt,key}: the private key does not belong to the first certificate"
        ],
    );
}

#[test]
fn a_missing_file_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let problem = load(directory.path()).err().expect("refused").to_string();
    assert!(problem.contains("/tls.crt: No such file"), "{problem}");
}

#[test]
fn a_new_pair_is_taken_and_a_mismatched_one_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let (one, two) = (generate("one"), generate("two"));
    let path = directory.path();
    write(path, &one.cert.pem(), &one.signing_key.serialize_pem());
    let metrics = Arc::default();
    let mut certificate = load_counted(path, &metrics).expect("loaded");
    assert_eq!(leaf(&certificate), one.cert.der().to_vec());

    write(path, &two.cert.pem(), &one.signing_key.serialize_pem());
    certificate.reload();
    certificate.reload();
    assert_eq!(leaf(&certificate), one.cert.der().to_vec());
    assert!(
        metrics
            .encode()
            .contains("freshet_certificate_refusals_total 1\n"),
        "told of once"
    );

    fs::remove_file(path.join("tls.key")).expect("removed");
    certificate.reload();
    assert_eq!(leaf(&certificate), one.cert.der().to_vec());

    write(path, &two.cert.pem(), &two.signing_key.serialize_pem());
    certificate.reload();
    assert_eq!(leaf(&certificate), two.cert.der().to_vec());
}

#[test]
fn a_kubelet_swap_is_one_generation() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let swap = |generation: &str, pair: &Generated<rcgen::KeyPair>| {
        let (chain, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
        write(&path.join(generation), &chain, &key);
        symlink(generation, path.join("..data_tmp")).expect("linked");
        fs::rename(path.join("..data_tmp"), path.join("..data")).expect("swapped");
    };
    let (one, two) = (generate("one"), generate("two"));
    swap("..2026_11_24_1", &one);
    let mut certificate = load(path).expect("loaded");
    swap("..2026_11_24_2", &two);
    fs::remove_dir_all(path.join("..2026_11_24_1")).expect("removed");
    certificate.reload();
    assert_eq!(leaf(&certificate), two.cert.der().to_vec());
}

#[test]
fn the_end_of_its_life_is_a_metric() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut parameters = rcgen::CertificateParams::new(["one".to_owned()]).expect("valid");
    parameters.not_after = rcgen::date_time_ymd(2030, 1, 2);
    let key = rcgen::KeyPair::generate().expect("a key");
    let signed = parameters.self_signed(&key).expect("signed");
    write(directory.path(), &signed.pem(), &key.serialize_pem());
    let metrics = Arc::default();
    let certificate = load_counted(directory.path(), &metrics).expect("loaded");
    let pair = certificate.seen.as_ref().expect("a pair").parse();
    let validity = pair.expect("valid").validity;
    assert_eq!(validity.not_after_text, "2030-01-02T00:00:00Z");
    assert_eq!(validity.names, ["one"]);
    let metrics = metrics.encode();
    assert!(
        metrics.contains("freshet_certificate_expiry_timestamp_seconds 1893542400\n"),
        "{metrics}"
    );
}
