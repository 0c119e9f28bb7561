//! How a template is read: its text, its function table, its delimiters, its answer to a missing
//! key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::text::{serde_as_text, text_values};

/// A Go template and the settings it is parsed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateSpec {
    /// The template's source text. It holds no secret: it stands in an annotation.
    pub text: String,
    /// The functions it may call.
    pub functions: FunctionTable,
    /// What happens at a key that the data does not have.
    pub missing_key: MissingKey,
    /// The left and the right delimiter of an action, `{{` and `}}` by default; neither is empty.
    pub delimiters: (String, String),
}

/// A template that lies in a file of the refresher's container, e.g. in a ConfigMap's volume that is
/// mounted there, and the settings it is parsed with. It is rendered again when the file changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateFileSpec {
    /// Where the refresher finds the text.
    pub path: TemplatePath,
    /// The functions it may call.
    pub functions: FunctionTable,
    /// What happens at a key that the data does not have.
    pub missing_key: MissingKey,
    /// The left and the right delimiter of an action, `{{` and `}}` by default; neither is empty.
    pub delimiters: (String, String),
}

impl TemplateFileSpec {
    /// The template whose text the file holds.
    pub fn with_text(&self, text: String) -> TemplateSpec {
        TemplateSpec {
            text,
            functions: self.functions,
            missing_key: self.missing_key,
            delimiters: self.delimiters.clone(),
        }
    }
}

text_values! {
    /// The path of a template in the refresher's container: absolute, normal (no `.`, `..`, `//` or
    /// trailing slash), no control characters, at most 4096 bytes.
    TemplatePath = absolute_file;
}

fn absolute_file(text: &str) -> Result<String, Invalid> {
    let Some(path) = text.strip_prefix('/') else {
        return Err(Invalid::new(
            "must be an absolute path, e.g. /templates/app.ctmpl",
        ));
    };
    if text.len() > 4096 || text.chars().any(char::is_control) {
        return Err(Invalid::new(
            "must be at most 4096 bytes, and hold no control characters",
        ));
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Invalid::new(
            "must name a file, without \"//\", \".\" or \"..\"",
        ));
    }
    Ok(text.to_owned())
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $accepted:literal { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(Invalid::new($accepted)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $text,)+
                })
            }
        }

        serde_as_text!($name);
    };
}

names! {
    /// The functions that a template may call beside Go's own.
    FunctionTable, "must be go, sprig, external-secrets or consul-template" {
        /// The functions of the language alone.
        Go = "go",
        /// Those of sprig v3.
        Sprig = "sprig",
        /// Those of External Secrets' engine v2 (sprig without the environment and the network, and
        /// its own), and `secret`.
        ExternalSecrets = "external-secrets",
        /// Those of consul-template that Vault Agent offers and that need Vault alone.
        ConsulTemplate = "consul-template",
    }
}

names! {
    /// Go's option `missingkey`.
    MissingKey, "must be error, zero or default" {
        /// Print `<no value>` and go on.
        Default = "default",
        /// Take the zero value of the map's element type.
        Zero = "zero",
        /// Stop with an error.
        Error = "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_path_is_absolute_and_normal() {
        for text in ["/a", "/templates/app.ctmpl", "/a b/..data/x"] {
            let path: TemplatePath = text.parse().expect(text);
            assert_eq!(path.to_string(), text);
        }
        for text in [
            "", "/", "a", "a/b", "/a/", "//a", "/a//b", "/a/../b", "/./a", "/a\n",
        ] {
            assert!(text.parse::<TemplatePath>().is_err(), "{text:?}");
        }
    }
}
