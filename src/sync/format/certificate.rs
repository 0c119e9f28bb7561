//! The formats of certificates that Vault has issued: PEM, as a directory or as one file.

use crate::secret::{SecretBytes, SecretMap, SecretValue};
use crate::sync::x509::X509;

/// A certificate, its key, and what it is checked against.
#[derive(Debug)]
pub(crate) struct Issued<'a> {
    key: &'a [u8],
    certificate: &'a [u8],
    /// The certificates above it, the one that signed it first.
    chain: Vec<&'a [u8]>,
}

/// Data without `certificate`, `private_key` or `issuing_ca`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotIssued(pub(crate) &'static str);

impl<'a> Issued<'a> {
    /// The certificate of an answer of a PKI engine.
    ///
    /// # Errors
    /// What is missing in it.
    pub(crate) fn of(data: &'a SecretMap) -> Result<Self, NotIssued> {
        let field = |name: &'static str| data.get(name).and_then(pem).ok_or(NotIssued(name));
        let certificate = field("certificate")?;
        let key = field("private_key")?;
        let chain: Vec<_> = match data.get("ca_chain") {
            Some(SecretValue::List(chain)) => chain.iter().filter_map(pem).collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            key,
            certificate,
            chain: match chain.is_empty() {
                true => vec![field("issuing_ca")?],
                false => chain,
            },
        })
    }

    /// The private key.
    pub(crate) fn key(&self) -> SecretBytes {
        joined([self.key])
    }

    /// The certificate and all above it.
    pub(crate) fn full_chain(&self) -> SecretBytes {
        joined([self.certificate].into_iter().chain(self.above()))
    }

    /// Key, certificate and all above it.
    pub(crate) fn bundle(&self) -> SecretBytes {
        let own = [self.key, self.certificate].into_iter();
        joined(own.chain(self.above()))
    }

    /// The files of the format `pem`: what a server sends and its key, called as Kubernetes calls
    /// them, the chain, and the CA at its end. A server does not send a root, which whoever checks
    /// has to have already.
    pub(crate) fn files(&self) -> [(&'static str, SecretBytes); 4] {
        let is_root = |pem: &&[u8]| X509::parse(pem).is_some_and(|x509| x509.is_self_issued);
        let sent = self.above().filter(|pem| !is_root(pem));
        [
            ("tls.key", self.key()),
            (
                "tls.crt",
                joined([self.certificate].into_iter().chain(sent)),
            ),
            ("chain.crt", joined(self.above())),
            ("ca.crt", joined(self.above().last())),
        ]
    }

    fn above(&self) -> impl Iterator<Item = &'a [u8]> {
        self.chain.iter().copied()
    }
}

fn pem(value: &SecretValue) -> Option<&[u8]> {
    match value {
        SecretValue::String(text) if !text.expose().is_empty() => Some(text.expose()),
        _ => None,
    }
}

/// The texts, each of them with a line break at its end.
fn joined<'a>(texts: impl IntoIterator<Item = &'a [u8]>) -> SecretBytes {
    let mut out = Vec::new();
    for text in texts {
        out.extend_from_slice(text.trim_ascii());
        out.push(b'\n');
    }
    SecretBytes::new(out)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

    use super::*;

    fn data(json: &serde_json::Value) -> SecretMap {
        match SecretValue::from_json(&json.to_string()) {
            Ok(SecretValue::Map(data)) => data,
            other => panic!("{other:?}"),
        }
    }

    /// Root, intermediate.
    fn authorities() -> [String; 2] {
        let key = || KeyPair::generate().expect("a key");
        let params = |name: &str| {
            let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params
        };
        let (root_key, key) = (key(), key());
        let root = params("root").self_signed(&root_key).expect("a root");
        let issuer = Issuer::new(params("root"), root_key);
        let intermediate = params("intermediate").signed_by(&key, &issuer);
        [root.pem(), intermediate.expect("an intermediate").pem()]
    }

    #[test]
    fn a_server_sends_what_stands_between_it_and_the_root() {
        let [root, intermediate] = authorities();
        let json = serde_json::json!({
            "certificate": "leaf", "private_key": "key\n", "issuing_ca": intermediate,
            "ca_chain": [intermediate, root],
        });
        let data = data(&json);
        let issued = Issued::of(&data).expect("a certificate");
        let files = issued.files().map(|(name, text)| {
            let text = String::from_utf8_lossy(text.expose()).into_owned();
            (name, text)
        });
        let want = [
            ("tls.key", "key\n".to_owned()),
            ("tls.crt", format!("leaf\n{intermediate}")),
            ("chain.crt", format!("{intermediate}{root}")),
            ("ca.crt", root.clone()),
        ];
        assert_eq!(files, want);
        let bundle = format!("key\nleaf\n{intermediate}{root}");
        assert_eq!(issued.bundle().expose(), bundle.as_bytes());
    }

    #[test]
    fn what_no_pki_engine_answers_is_told() {
        for (json, missing) in [
            (serde_json::json!({"password": "x"}), "certificate"),
            (serde_json::json!({"certificate": "x"}), "private_key"),
            (
                serde_json::json!({"certificate": "x", "private_key": "y"}),
                "issuing_ca",
            ),
        ] {
            let data = data(&json);
            assert_eq!(Issued::of(&data).err(), Some(NotIssued(missing)));
        }
    }
}
