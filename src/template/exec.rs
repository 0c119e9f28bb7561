//! Walks a parsed template and writes its output.

mod call;
mod control;
mod field;

use super::Template;
use super::ast::{Body, Name, Node, Pipeline, ROOT, Span, Term};
use super::ast::{Command, Ideal, Number, Operand};
use super::call::{Fault, Run};
use super::error::ExecError;
use super::printf::{self, Sink};
use super::value::Value;

/// The state of one rendering.
pub(super) struct Exec<'t, 'r, 'c> {
    pub(super) template: &'t Template,
    pub(super) run: Run<'r, 'c>,
    pub(super) out: Sink,
    variables: Vec<(Name, Value)>,
    depth: usize,
}

type Execution<T> = Result<T, ExecError>;

/// How a body ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t, 'r, 'c> Exec<'t, 'r, 'c> {
    pub(super) fn new(template: &'t Template, run: Run<'r, 'c>) -> Self {
        let out = Sink::new(run.context.limits.output, run.context.limits.depth);
        Self {
            template,
            run,
            out,
            variables: Vec::new(),
            depth: 0,
        }
    }

    /// Renders the whole template with `data` as `.`.
    pub(super) fn render(&mut self, data: &Value) -> Execution<()> {
        self.variables = vec![(ROOT, data.clone())];
        let template = self.template;
        self.body(data, &template.body).map(|_| ())
    }

    fn error(&self, span: Span, message: impl Into<String>) -> ExecError {
        ExecError::new(&self.template.source, span, message.into())
    }

    fn fault(&self, span: Span, fault: Fault) -> ExecError {
        self.error(span, fault.0.into_owned())
    }

    fn body(&mut self, dot: &Value, body: &'t Body) -> Execution<Flow> {
        for node in body {
            let flow = self.node(dot, node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    /// Goes one level down; the caller comes back up with `self.depth -= 1`.
    fn deeper(&mut self, span: Span) -> Execution<()> {
        self.depth += 1;
        match self.depth > self.run.context.limits.depth {
            true => {
                let message = format!(
                    "nested or recursive more than {} deep",
                    self.run.context.limits.depth
                );
                Err(self.error(span, message))
            }
            false => Ok(()),
        }
    }

    fn node(&mut self, dot: &Value, node: &'t Node) -> Execution<Flow> {
        match node {
            Node::Text(span) => {
                let template = self.template;
                self.out
                    .write(&template.source.as_bytes()[span.start..span.end]);
                self.check_output(*span)?;
            }
            Node::Action(pipeline) => {
                let value = self.pipeline(dot, pipeline)?;
                if pipeline.variables.is_empty() {
                    printf::print_action(&mut self.out, &value);
                    self.check_output(pipeline.span)?;
                }
            }
            Node::If(branches) => return self.branches(dot, branches, false),
            Node::With(branches) => return self.branches(dot, branches, true),
            Node::Range {
                pipeline,
                body,
                otherwise,
            } => return self.range(dot, pipeline, body, otherwise),
            Node::Template {
                span,
                name,
                pipeline,
            } => self.template(dot, *span, name, pipeline.as_ref())?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn check_output(&self, span: Span) -> Execution<()> {
        match self.out.overflow() {
            Some(reason) => Err(self.error(span, reason)),
            None => Ok(()),
        }
    }

    fn pipeline(&mut self, dot: &Value, pipeline: &'t Pipeline) -> Execution<Value> {
        self.deeper(pipeline.span)?;
        let mut value = None;
        for command in &pipeline.commands {
            let result = self.command(dot, command, value)?;
            // A nil of interface type is nothing once it stands alone.
            value = Some(if result.is_nil() {
                Value::NoValue
            } else {
                result
            });
        }
        let value = value.unwrap_or(Value::NoValue);
        for name in &pipeline.variables {
            if pipeline.assigns {
                self.assign(*name, value.clone(), pipeline.span)?;
            } else {
                self.variables.push((*name, value.clone()));
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn assign(&mut self, name: Name, value: Value, span: Span) -> Execution<()> {
        match self
            .variables
            .iter_mut()
            .rev()
            .find(|(known, _)| *known == name)
        {
            Some(slot) => {
                slot.1 = value;
                Ok(())
            }
            None => Err(self.undefined(name, span)),
        }
    }

    fn undefined(&self, name: Name, span: Span) -> ExecError {
        let name = self
            .template
            .names
            .get(name as usize)
            .map_or("", String::as_str);
        self.error(span, format!("undefined variable: {name}"))
    }

    fn variable(&self, name: Name, span: Span) -> Execution<Value> {
        match self
            .variables
            .iter()
            .rev()
            .find(|(known, _)| *known == name)
        {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.undefined(name, span)),
        }
    }

    fn command(
        &mut self,
        dot: &Value,
        command: &'t Command,
        piped: Option<Value>,
    ) -> Execution<Value> {
        let Some((first, arguments)) = command.operands.split_first() else {
            return Ok(Value::NoValue);
        };
        match &first.term {
            Term::Field(path) => self.fields(dot, dot.clone(), path, first.span, arguments, piped),
            Term::Chain(inner, path) => {
                let receiver = self.chained(dot, inner)?;
                self.fields(dot, receiver, path, first.span, arguments, piped)
            }
            Term::Variable(name, path) if !path.is_empty() => {
                let receiver = self.variable(*name, first.span)?;
                self.fields(dot, receiver, path, first.span, arguments, piped)
            }
            Term::Function(function) => {
                self.function(dot, function, command.span, arguments, piped)
            }
            _ if !arguments.is_empty() || piped.is_some() => {
                let shown = &self.template.source[first.span.start..first.span.end];
                Err(self.error(
                    first.span,
                    format!("can't give argument to non-function {shown}"),
                ))
            }
            Term::Variable(name, _) => self.variable(*name, first.span),
            Term::Pipeline(pipeline) => self.pipeline(dot, pipeline),
            Term::Nil => Err(self.error(first.span, "nil is not a command")),
            Term::Dot => Ok(dot.clone()),
            Term::Bool(value) => Ok(Value::Bool(*value)),
            Term::String(bytes) => Ok(Value::string(bytes.as_slice())),
            Term::Number(number) => self.constant(*number, first.span),
        }
    }

    /// What stands before the fields of `(pipeline).A` or `function.A`.
    fn chained(&mut self, dot: &Value, inner: &'t Operand) -> Execution<Value> {
        match &inner.term {
            Term::Pipeline(pipeline) => self.pipeline(dot, pipeline),
            Term::Function(function) => self.function(dot, function, inner.span, &[], None),
            _ => Ok(Value::NoValue),
        }
    }

    /// A number where no type is asked for.
    fn constant(&self, number: Number, span: Span) -> Execution<Value> {
        let value = match number.ideal {
            Ideal::Complex => number
                .complex
                .map(|(real, imaginary)| Value::Complex(real, imaginary)),
            Ideal::Float => number.float.map(Value::Float),
            Ideal::Int => number.int.map(Value::Int),
        };
        value.ok_or_else(|| self.error(span, "the number overflows int"))
    }
}
