//! The parsed template.
//!
//! Every part knows where it stands in the source, so that an error can show it.

use super::call::Function;

/// Where a part of the template stands in the source: byte offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) fn to(self, end: Self) -> Self {
        Self {
            start: self.start,
            end: end.end.max(self.end),
        }
    }
}

/// A variable by its place in [`super::Template`]'s list of names.
pub(super) type Name = u32;

/// `$`, which is always there.
pub(super) const ROOT: Name = 0;

pub(super) type Body = Vec<Node>;

#[derive(Debug)]
pub(super) enum Node {
    /// Text between actions.
    Text(Span),
    /// `{{pipeline}}`.
    Action(Pipeline),
    If(Branches),
    With(Branches),
    Range {
        pipeline: Pipeline,
        body: Body,
        otherwise: Body,
    },
    /// `{{template "name" pipeline}}`, also what `{{block}}` leaves behind.
    Template {
        span: Span,
        name: Vec<u8>,
        pipeline: Option<Pipeline>,
    },
    Break,
    Continue,
}

/// A chain of `if … else if … else`, or the same of `with`.
#[derive(Debug)]
pub(super) struct Branches {
    pub(super) arms: Vec<(Pipeline, Body)>,
    pub(super) otherwise: Body,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) span: Span,
    /// The variables that it declares, or assigns to: two at most, and only in `range`.
    pub(super) variables: Vec<Name>,
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) span: Span,
    /// The first is what is called or evaluated; never empty.
    pub(super) operands: Vec<Operand>,
}

#[derive(Debug)]
pub(super) struct Operand {
    pub(super) span: Span,
    pub(super) term: Term,
}

#[derive(Debug)]
pub(super) enum Term {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    String(Vec<u8>),
    /// `.A.B`
    Field(Vec<Vec<u8>>),
    /// `$x.A.B`
    Variable(Name, Vec<Vec<u8>>),
    /// A function's name.
    Function(&'static Function),
    /// `(pipeline)`
    Pipeline(Box<Pipeline>),
    /// `(pipeline).A.B`, `function.A.B`
    Chain(Box<Operand>, Vec<Vec<u8>>),
}

/// A number with all the types that can represent it, as Go's untyped constants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Number {
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
    pub(super) complex: Option<(f64, f64)>,
    /// What it is where no type is asked for.
    pub(super) ideal: Ideal,
}

/// The type that a number's spelling gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ideal {
    #[default]
    Int,
    Float,
    Complex,
}
