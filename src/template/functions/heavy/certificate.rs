//! X.509 certificates: their names, and chains of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::parse_x509_certificate;

use super::super::pem;
use crate::template::call::{Args, Fault, Outcome, Run};
use crate::template::value::Value;

const MALFORMED: &str = "x509: malformed certificate";

/// DNS names, IP addresses, email addresses and URIs, in this order.
pub(super) fn subject_alternative_names(args: &Args<'_>, _: &mut Run<'_, '_>) -> Outcome {
    let (block, _) = pem::decode(args.bytes(0)).ok_or("failed to decode PEM block")?;
    let (_, certificate) = parse_x509_certificate(&block.der).map_err(|_| MALFORMED)?;
    let mut names: [Vec<String>; 4] = Default::default();
    if let Some(extension) = certificate
        .subject_alternative_name()
        .map_err(|_| MALFORMED)?
    {
        for name in &extension.value.general_names {
            match name {
                GeneralName::DNSName(name) => names[0].push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => names[1].extend(address(bytes)),
                GeneralName::RFC822Name(name) => names[2].push((*name).to_owned()),
                GeneralName::URI(name) => names[3].push((*name).to_owned()),
                _ => {}
            }
        }
    }
    Ok(Value::strings(names.concat()))
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string());
    v4.or_else(|_| v6()).ok()
}

/// A certificate and the ids that link it to its issuer's.
pub(super) struct Link {
    pub(super) der: Vec<u8>,
    subject: Vec<u8>,
    authority: Vec<u8>,
}

impl Link {
    pub(super) fn parse(der: Vec<u8>) -> Result<Self, Fault> {
        let (_, certificate) = parse_x509_certificate(&der).map_err(|_| MALFORMED)?;
        let (mut subject, mut authority) = (Vec::new(), Vec::new());
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => subject = id.0.to_vec(),
                ParsedExtension::AuthorityKeyIdentifier(ids) => {
                    authority = ids
                        .key_identifier
                        .as_ref()
                        .map(|id| id.0.to_vec())
                        .unwrap_or_default();
                }
                _ => {}
            }
        }
        drop(certificate);
        Ok(Self {
            der,
            subject,
            authority,
        })
    }

    fn is_root(&self) -> bool {
        self.authority.is_empty() || self.authority == self.subject
    }
}

/// The certificates of `text` from the leaf up.
pub(super) fn chain(text: &[u8]) -> Result<Vec<Link>, Fault> {
    let mut links = Vec::new();
    let mut rest = text;
    while let Some((block, after)) = pem::decode(rest) {
        links.push(Link::parse(block.der)?);
        rest = after;
    }
    let issues_another = |index: usize| {
        let issuer: &Link = &links[index];
        links.iter().enumerate().any(|(other, link)| {
            other != index && !link.is_root() && link.authority == issuer.subject
        })
    };
    let leaves: Vec<usize> = (0..links.len())
        .filter(|index| !issues_another(*index))
        .collect();
    let mut next = match leaves.as_slice() {
        [] => return Err("no leaf certificate found".into()),
        [leaf] => Some(*leaf),
        _ => return Err("found multiple leaf or disjunct certificates".into()),
    };
    let mut order = Vec::new();
    while let Some(index) = next {
        order.push(index);
        let link = &links[index];
        next = (0..links.len()).find(|other| {
            !link.is_root() && !order.contains(other) && links[*other].subject == link.authority
        });
    }
    let mut links: Vec<_> = links.into_iter().map(Some).collect();
    Ok(order
        .into_iter()
        .filter_map(|index| links[index].take())
        .collect())
}

/// `leaf`, `intermediate` or `root` of a chain.
pub(super) fn filter_chain(args: &Args<'_>, run: &mut Run<'_, '_>) -> Outcome {
    let links = chain(args.bytes(1))?;
    let Some((leaf, issuers)) = links.split_first() else {
        return run.string("");
    };
    let kept: Vec<&Link> = match args.bytes(0) {
        b"leaf" => Some(leaf)
            .filter(|leaf| !leaf.is_root())
            .into_iter()
            .collect(),
        b"intermediate" => issuers.iter().filter(|link| !link.is_root()).collect(),
        b"root" => links
            .last()
            .filter(|link| link.is_root())
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    run.string(
        kept.iter()
            .flat_map(|link| pem::encode(b"CERTIFICATE", &link.der))
            .collect::<Vec<_>>(),
    )
}
