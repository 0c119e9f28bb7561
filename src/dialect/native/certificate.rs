//! What a certificate is asked for by, and how it may be written.

use crate::dialect::findings::{Findings, at};
use crate::dialect::suggest;
use crate::spec::SecretRef;

/// What is wrong with `source`, which stands in the annotation `key`, as that of a certificate.
pub(super) fn doubt(source: &SecretRef, key: &str) -> Option<String> {
    let path = &source.path;
    if !source.is_request() {
        return Some(format!(
            "needs a certificate that Vault issues, and {path} is only read: name what it is for, \
             e.g. {key}: pki/issue/web?common_name=web.shop.svc"
        ));
    }
    let asked = source.parameters.get("format")?;
    (asked != "pem").then(|| {
        format!("is made of PEM, which is what Vault answers by itself: take format={asked} out of {key}")
    })
}

/// A parameter that was meant to be a version would make a write of a read.
pub(super) fn doubt_parameters(key: &str, source: &SecretRef, findings: &mut Findings) {
    for (name, _) in source.parameters.iter() {
        if suggest::closest(name, ["version"]).is_some() {
            let message = format!("has a parameter {name}: did you mean ?version=N?");
            findings.problem(at(key).with(&source.to_string(), message));
        }
    }
}
