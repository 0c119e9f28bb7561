//! How a template is read: its text, its function table, its delimiters, its answer to a missing
//! key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::text::serde_as_text;

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
