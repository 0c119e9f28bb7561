//! The certificate that a server would show: whose it is, and how long it is good for.

use x509_parser::pem::Pem;

/// What is worth showing of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// The first common name of its subject.
    pub(crate) name: String,
    /// Its number, in hex.
    pub(crate) serial: String,
    /// From when and until when it is good, in seconds since 1970.
    pub(crate) validity: (i64, i64),
}

/// Reads the first certificate of a PEM text, which may hold its key and its chain as well.
pub(crate) fn parse(text: &str) -> Result<Certificate, String> {
    let mut blocks = Pem::iter_from_buffer(text.as_bytes()).filter_map(Result::ok);
    let block = blocks
        .find(|block| block.label == "CERTIFICATE")
        .ok_or("it holds no certificate")?;
    let certificate = block
        .parse_x509()
        .map_err(|_| "its certificate cannot be read")?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().next();
    let validity = certificate.validity();
    Ok(Certificate {
        name: name
            .and_then(|name| name.as_str().ok())
            .unwrap_or_default()
            .to_owned(),
        serial: certificate.raw_serial_as_string(),
        validity: (
            validity.not_before.timestamp(),
            validity.not_after.timestamp(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn reads_the_first_certificate_wherever_it_stands() {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "web.demo.svc");
        params.serial_number = Some(vec![1, 0xab].into());
        (params.not_before, params.not_after) =
            (date_time_ymd(2026, 1, 1), date_time_ymd(2026, 1, 2));
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        for text in [
            format!("{certificate}{}", key.serialize_pem()),
            format!("{}{certificate}", key.serialize_pem()),
        ] {
            let read = parse(&text).expect("a certificate");
            assert_eq!((&*read.name, &*read.serial), ("web.demo.svc", "01:ab"));
            assert_eq!(read.validity, (1_767_225_600, 1_767_312_000));
        }
    }

    #[test]
    fn says_what_is_not_there() {
        let refused = |text| parse(text).expect_err("refused");
        assert_eq!(refused("hello"), "it holds no certificate");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(refused(broken), "its certificate cannot be read");
    }
}
