//! The few facts of a certificate that decide how long it is served and which file it belongs into
//! (RFC 5280 §4.1). Nothing here is checked: that is for whoever trusts the certificate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::calendar::day_number;

/// What a certificate says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct X509 {
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    /// Whether it names itself as its issuer, as roots do.
    pub(crate) is_self_issued: bool,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl X509 {
    /// The first certificate of a PEM text; `None` where there is none that can be read.
    pub(crate) fn parse(pem: &[u8]) -> Option<Self> {
        Self::from_der(&CertificateDer::from_pem_slice(pem).ok()?)
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        let (certificate, _) = expect(SEQUENCE, der)?;
        let (fields, _) = expect(SEQUENCE, certificate)?;
        // Version 1 does not say so.
        let fields = expect(VERSION, fields).map_or(fields, |(_, rest)| rest);
        let (_, fields) = expect(INTEGER, fields)?;
        let (_, fields) = expect(SEQUENCE, fields)?;
        let (issuer, fields) = expect(SEQUENCE, fields)?;
        let (validity, fields) = expect(SEQUENCE, fields)?;
        let (subject, _) = expect(SEQUENCE, fields)?;
        let (not_before, validity) = time(validity)?;
        let (not_after, _) = time(validity)?;
        Some(Self {
            not_before,
            not_after,
            is_self_issued: issuer == subject,
        })
    }
}

/// The content of the element at the beginning of `der`, which has this tag, and what follows it.
fn expect(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// Tag, content, and what follows (X.690 §8.1).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        ..0x80 => (usize::from(first), rest),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            // Longer ones are no certificate's.
            let is_sane = (1..=4).contains(&digits.len());
            let length = digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            (is_sane.then_some(length)?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5), and what follows.
fn time(der: &[u8]) -> Option<(SystemTime, &[u8])> {
    let (tag, text, rest) = element(der)?;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year_digits = match tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return None,
    };
    let year: i64 = text.get(..year_digits)?.parse().ok()?;
    let year = match tag {
        UTC_TIME if year >= 50 => 1900 + year,
        UTC_TIME => 2000 + year,
        _ => year,
    };
    let field = |index: usize| -> Option<i64> {
        let at = year_digits + 2 * index;
        text.get(at..at + 2)?.parse().ok()
    };
    let [month, day, hour, minute, second] = [0, 1, 2, 3, 4].map(field);
    let days = day_number(year, month?, day?);
    let seconds = days * 86_400 + hour? * 3_600 + minute? * 60 + second?;
    let since_1970 = Duration::from_secs(u64::try_from(seconds).ok()?);
    Some((UNIX_EPOCH.checked_add(since_1970)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(years: std::ops::Range<i32>) -> X509 {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(["web".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(years.start, 2, 28);
        params.not_after = rcgen::date_time_ymd(years.end, 12, 31);
        let certificate = params.self_signed(&key).expect("signed");
        X509::parse(certificate.pem().as_bytes()).expect("a certificate")
    }

    #[test]
    fn times_are_read_in_both_their_forms() {
        let seconds = |time: SystemTime| {
            let since = time.duration_since(UNIX_EPOCH);
            since.expect("after 1970").as_secs()
        };
        let near = issued(2026..2049);
        assert_eq!(seconds(near.not_before), 1_772_236_800);
        assert_eq!(seconds(near.not_after), 2_524_521_600);
        let far = issued(2026..2099);
        assert_eq!(seconds(far.not_after), 4_102_358_400);
        assert!(far.is_self_issued);
    }

    #[test]
    fn what_is_no_certificate_says_nothing() {
        let empty = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        let cut = "-----BEGIN CERTIFICATE-----\nMIIBszCC\n-----END CERTIFICATE-----\n";
        for text in ["", "secret", empty, cut] {
            assert_eq!(X509::parse(text.as_bytes()), None, "{text}");
        }
    }
}
