//! JSON Web Keys (RFC 7517, 7518, 8037) as PEM.

use super::super::encoding;
use super::super::pem;
use super::der::{self, element, integer};
use crate::secret::{SecretMap, SecretValue};
use crate::template::call::{Args, Fault, Outcome, Run};

pub(super) fn public_pem(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let key = Jwk::parse(args.bytes(0))?;
    run.string(pem::encode(b"PUBLIC KEY", &key.public()?))
}

pub(super) fn private_pem(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let key = Jwk::parse(args.bytes(0))?;
    run.string(pem::encode(b"PRIVATE KEY", &key.private()?))
}

struct Jwk {
    members: SecretMap,
    kind: Kind,
}

enum Kind {
    Rsa,
    /// The curve's identifier and the bytes of a coordinate.
    Ec(&'static [u8], usize),
    Ed25519,
}

impl Jwk {
    fn parse(json: &[u8]) -> Result<Self, Fault> {
        let json = std::str::from_utf8(json).map_err(|_| "the JWK is not UTF-8")?;
        let Ok(SecretValue::Map(members)) = SecretValue::from_json(json.trim()) else {
            return Err("the JWK is not a JSON object".into());
        };
        let text = |name: &str| match members.get(name) {
            Some(SecretValue::String(text)) => text.expose(),
            _ => b"",
        };
        let kind =
            match (text("kty"), text("crv")) {
                (b"RSA", _) => Kind::Rsa,
                (b"EC", b"P-256") => Kind::Ec(der::P256, 32),
                (b"EC", b"P-384") => Kind::Ec(der::P384, 48),
                (b"EC", b"P-521") => Kind::Ec(der::P521, 66),
                (b"OKP", b"Ed25519") => Kind::Ed25519,
                _ => return Err(
                    "the JWK's kty and crv must be RSA, EC (P-256, P-384, P-521) or OKP (Ed25519)"
                        .into(),
                ),
            };
        Ok(Self { members, kind })
    }

    /// The bytes of a member, which is base64url without padding.
    fn bytes(&self, name: &str) -> Result<Vec<u8>, Fault> {
        let missing = || Fault::new(format!("the JWK's {name} is missing or not base64url"));
        let Some(SecretValue::String(text)) = self.members.get(name) else {
            return Err(missing());
        };
        let mut text = text.expose().to_vec();
        while !text.len().is_multiple_of(4) {
            text.push(b'=');
        }
        encoding::unbase64(&text, encoding::URL).map_err(|_| missing())
    }

    fn number(&self, name: &str) -> Result<Vec<u8>, Fault> {
        Ok(integer(&self.bytes(name)?))
    }

    fn coordinate(&self, name: &str, size: usize) -> Result<Vec<u8>, Fault> {
        let bytes = self.bytes(name)?;
        match size.checked_sub(bytes.len()) {
            Some(missing) => Ok([vec![0; missing], bytes].concat()),
            None => Err(Fault::new(format!(
                "the JWK's {name} is too long for its curve"
            ))),
        }
    }

    fn point(&self, size: usize) -> Result<Vec<u8>, Fault> {
        Ok([
            vec![4],
            self.coordinate("x", size)?,
            self.coordinate("y", size)?,
        ]
        .concat())
    }

    fn algorithm(&self) -> Vec<u8> {
        match self.kind {
            Kind::Rsa => element(der::SEQUENCE, &[der::RSA, der::NULL]),
            Kind::Ec(curve, _) => element(der::SEQUENCE, &[der::EC, curve]),
            Kind::Ed25519 => element(der::SEQUENCE, &[der::ED25519]),
        }
    }

    /// SubjectPublicKeyInfo (RFC 5280).
    fn public(&self) -> Result<Vec<u8>, Fault> {
        let key = match self.kind {
            Kind::Rsa => element(der::SEQUENCE, &[&self.number("n")?, &self.number("e")?]),
            Kind::Ec(_, size) => self.point(size)?,
            Kind::Ed25519 => self.coordinate("x", 32)?,
        };
        let bits = element(der::BIT_STRING, &[&[0], &key]);
        Ok(element(der::SEQUENCE, &[&self.algorithm(), &bits]))
    }

    /// PKCS#8 (RFC 5208).
    fn private(&self) -> Result<Vec<u8>, Fault> {
        if !self.members.contains_key("d") {
            return Err("the JWK is a public key".into());
        }
        let zero = integer(&[]);
        let key = match self.kind {
            Kind::Rsa => {
                let mut numbers = zero.clone();
                for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
                    numbers.extend(self.number(name)?);
                }
                element(der::SEQUENCE, &[&numbers])
            }
            Kind::Ec(_, size) => {
                let scalar = element(der::OCTET_STRING, &[&self.coordinate("d", size)?]);
                let point = element(
                    0xa1,
                    &[&element(der::BIT_STRING, &[&[0], &self.point(size)?])],
                );
                element(der::SEQUENCE, &[&integer(&[1]), &scalar, &point])
            }
            Kind::Ed25519 => element(der::OCTET_STRING, &[&self.coordinate("d", 32)?]),
        };
        let key = element(der::OCTET_STRING, &[&key]);
        Ok(element(der::SEQUENCE, &[&zero, &self.algorithm(), &key]))
    }
}
