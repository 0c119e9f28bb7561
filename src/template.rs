//! Go's `text/template`, exactly, with the functions that people already use.
//!
//! A template that Go refuses and this accepts would be a truncated credentials file in production,
//! so exactness is a safety property. Where Go's errors quote a value of the data, these name its
//! type instead. Pure: the secrets, the time and the randomness that functions see arrive in a
//! [`Context`], and [`Limits`] bound what a rendering may use.

mod ast;
mod call;
mod compare;
mod container;
mod context;
mod error;
mod escape;
mod exec;
mod functions;
mod letter;
mod lexer;
mod literal;
mod object;
mod parser;
mod printf;
mod regex;
mod text;
mod token;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use self::ast::Body;
use self::call::{Function, Run};
use self::exec::Exec;
use self::functions::Table;
use crate::secret::SecretBytes;
use crate::spec::{FunctionTable, MissingKey, SecretRef, TemplateSpec};

pub use self::call::Fault;
pub use self::context::{Context, Limits, NoSecrets, Random, SecretSource};
pub use self::error::{ExecError, ParseError};
pub use self::functions::string_map_of_yaml;
pub use self::object::Object;
pub use self::regex::GoRegex;
pub use self::value::{Element, List, Map, Text, Value};

/// A parsed template. It holds no data.
#[derive(Debug)]
pub struct Template {
    source: String,
    table: FunctionTable,
    missing_key: MissingKey,
    body: Body,
    /// What `define` and `block` made, by name.
    definitions: BTreeMap<Vec<u8>, Body>,
    /// The names of variables.
    names: Vec<String>,
    functions: Vec<&'static Function>,
}

/// What became of a rendering.
#[derive(Debug, PartialEq, Eq)]
pub enum Rendered {
    /// The output.
    Complete(SecretBytes),
    /// These secrets have to be there first: read them and render again. A second rendering may
    /// need more, of which the first knew nothing.
    Needs(BTreeSet<SecretRef>),
}

/// What a template asks of whoever renders it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The functions that it calls, the language's own among them.
    pub functions: BTreeSet<&'static str>,
    /// Those whose result changes with every rendering: render only when an input changed.
    pub volatile: BTreeSet<&'static str>,
    /// Those that only the full refresher has.
    pub heavy: BTreeSet<&'static str>,
}

/// The template of the format `pkcs12`: of PEM texts `certificates`, the leaf first, and `key` it
/// makes a PKCS#12 with an empty password.
pub fn pkcs12() -> TemplateSpec {
    TemplateSpec {
        text: "{{ fullPemToPkcs12 .certificates .key | b64dec }}".to_owned(),
        functions: FunctionTable::ExternalSecrets,
        missing_key: MissingKey::Error,
        delimiters: ("{{".to_owned(), "}}".to_owned()),
    }
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// Wherever Go's `text/template` refuses to parse; at a function that the table does not have;
    /// and at a nesting of more than 100 levels.
    pub fn parse(spec: &TemplateSpec) -> Result<Self, ParseError> {
        let table = Table::of(spec.functions);
        let (left, right) = &spec.delimiters;
        // As in Go, an empty delimiter is the default one.
        let left = if left.is_empty() { "{{" } else { left };
        let right = if right.is_empty() { "}}" } else { right };
        let parsed = parser::parse(&spec.text, left, right, &table)?;
        Ok(Self {
            source: spec.text.clone(),
            table: spec.functions,
            missing_key: spec.missing_key,
            body: parsed.body,
            definitions: parsed.definitions,
            names: parsed.names,
            functions: parsed.functions,
        })
    }

    /// Renders the template with `data` as `.`.
    ///
    /// The output is a function of the template, `data` and `context`. While secrets are missing
    /// any error is put aside: it may well come from their absence.
    ///
    /// # Errors
    /// Wherever Go's `text/template` fails to execute, and where a limit is reached.
    pub fn render(&self, data: &Value, context: &mut Context<'_>) -> Result<Rendered, ExecError> {
        let run = Run {
            context,
            needs: BTreeSet::new(),
            iterations: 0,
            memory: 0,
            scratch: Map::new(Element::Any, []),
        };
        let mut exec = Exec::new(self, run);
        // No data at all is Go's invalid value, not a nil of interface type.
        let data = if data.is_nil() { &Value::NoValue } else { data };
        let result = exec.render(data);
        if !exec.run.needs.is_empty() {
            return Ok(Rendered::Needs(exec.run.needs));
        }
        result.map(|()| Rendered::Complete(SecretBytes::new(exec.out.into_bytes())))
    }

    /// Its text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the template asks of whoever renders it.
    pub fn uses(&self) -> Uses {
        let mut uses = Uses::default();
        for function in &self.functions {
            uses.functions.insert(function.name);
            if function.is_volatile() {
                uses.volatile.insert(function.name);
            }
            if function.is_heavy() {
                uses.heavy.insert(function.name);
            }
        }
        uses
    }

    /// The function table that it was parsed with.
    pub fn table(&self) -> FunctionTable {
        self.table
    }
}
