//! Pipelines, commands and operands.

use super::{Parse, Parser};
use crate::template::ast::{Command, Name, Operand, Pipeline, Span, Term};
use crate::template::literal;
use crate::template::token::{Kind, Token};

impl Parser<'_> {
    /// A pipeline up to `end`, which is read too.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parse<Pipeline> {
        self.deeper()?;
        let start = self.peek_word();
        let mut pipeline = Pipeline {
            span: start.span,
            variables: Vec::new(),
            assigns: false,
            commands: Vec::new(),
        };
        self.declarations(&mut pipeline, context)?;
        loop {
            let token = self.peek_word();
            match token.kind {
                kind if kind == end => {
                    self.next();
                    self.nesting -= 1;
                    self.check(&pipeline, token, context)?;
                    return Ok(pipeline);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    let command = self.command()?;
                    pipeline.span = pipeline.span.to(command.span);
                    pipeline.commands.push(command);
                }
                _ => return Err(self.unexpected(token, context)),
            }
        }
    }

    /// `$x :=`, `$x =`, and in a range `$k, $v :=` or `$k, $v =`.
    fn declarations(&mut self, pipeline: &mut Pipeline, context: &str) -> Parse<()> {
        while self.peek_word().kind == Kind::Variable {
            let begin = self.at;
            let variable = self.next();
            let follows = self.peek_word();
            match follows.kind {
                Kind::Assign | Kind::Declare => {
                    self.next();
                    pipeline.assigns = follows.kind == Kind::Assign;
                    self.declare(pipeline, variable);
                    return Ok(());
                }
                Kind::Char if self.text(follows.span) == "," => {
                    self.next();
                    self.declare(pipeline, variable);
                    if context != "range" || pipeline.variables.len() > 1 {
                        return Err(
                            self.error(follows.span, format!("too many declarations in {context}"))
                        );
                    }
                    let second = self.peek_word();
                    if !matches!(
                        second.kind,
                        Kind::Variable | Kind::RightDelimiter | Kind::RightParen
                    ) {
                        return Err(self.error(second.span, "range can only initialize variables"));
                    }
                }
                // An argument, not a declaration.
                _ => {
                    self.at = begin;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn declare(&mut self, pipeline: &mut Pipeline, variable: Token) {
        let name = self.intern(variable.span);
        pipeline.variables.push(name);
        self.visible.push(name);
    }

    fn intern(&mut self, span: Span) -> Name {
        let text = self.text(span);
        let known = self.parsed.names.iter().position(|name| name == text);
        let index = known.unwrap_or_else(|| {
            self.parsed.names.push(text.to_owned());
            self.parsed.names.len() - 1
        });
        // A source has fewer than 2^32 bytes, hence fewer names.
        Name::try_from(index).unwrap_or(Name::MAX)
    }

    fn check(&self, pipeline: &Pipeline, end: Token, context: &str) -> Parse<()> {
        if pipeline.commands.is_empty() {
            return Err(self.error(end.span, format!("missing value for {context}")));
        }
        for (index, command) in pipeline.commands.iter().enumerate().skip(1) {
            if matches!(
                command.operands.first().map(|operand| &operand.term),
                Some(Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::String(_))
            ) {
                let message = format!("non executable command in pipeline stage {}", index + 1);
                return Err(self.error(command.span, message));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parse<Command> {
        let start = self.peek_word();
        let mut command = Command {
            span: start.span,
            operands: Vec::new(),
        };
        loop {
            self.peek_word();
            if let Some(operand) = self.operand()? {
                command.span = command.span.to(operand.span);
                command.operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelimiter | Kind::RightParen => {
                    self.at -= 1;
                    break;
                }
                Kind::Pipe => break,
                _ => return Err(self.unexpected(token, "operand")),
            }
        }
        match command.operands.is_empty() {
            true => Err(self.error(command.span, "empty command")),
            false => Ok(command),
        }
    }

    fn operand(&mut self) -> Parse<Option<Operand>> {
        let Some(mut operand) = self.term()? else {
            return Ok(None);
        };
        let mut fields = Vec::new();
        let start = operand.span;
        while self.peek().kind == Kind::Field {
            let token = self.next();
            fields.push(self.field(token));
            operand.span = operand.span.to(token.span);
        }
        if fields.is_empty() {
            return Ok(Some(operand));
        }
        match &mut operand.term {
            Term::Field(path) | Term::Variable(_, path) => path.append(&mut fields),
            Term::Bool(_) | Term::String(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                let message = format!("unexpected . after term {:?}", self.text(start));
                return Err(self.error(operand.span, message));
            }
            _ => {
                let span = operand.span;
                let inner = Box::new(Operand {
                    span: start,
                    term: operand.term,
                });
                return Ok(Some(Operand {
                    span,
                    term: Term::Chain(inner, fields),
                }));
            }
        }
        Ok(Some(operand))
    }

    /// The name of `.name`.
    fn field(&self, token: Token) -> Vec<u8> {
        self.text(token.span).as_bytes()[1..].to_vec()
    }

    fn term(&mut self) -> Parse<Option<Operand>> {
        let token = self.next_word();
        let text = self.text(token.span);
        let mut span = token.span;
        let term = match token.kind {
            Kind::Identifier => {
                let function = self
                    .table
                    .find(text)
                    .map_err(|reason| self.error(span, reason))?;
                self.parsed.functions.push(function);
                Term::Function(function)
            }
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Bool => Term::Bool(text == "true"),
            Kind::Variable => {
                let name = self.intern(span);
                if !self.visible.contains(&name) {
                    let message = format!("undefined variable {:?}", self.text(span));
                    return Err(self.error(span, message));
                }
                Term::Variable(name, Vec::new())
            }
            Kind::Field => Term::Field(vec![self.field(token)]),
            Kind::CharConstant | Kind::Number => {
                Term::Number(literal::number(text).map_err(|reason| self.error(span, reason))?)
            }
            Kind::Complex => Term::Number(
                literal::complex_pair(text).map_err(|reason| self.error(span, reason))?,
            ),
            Kind::LeftParen => {
                let pipeline = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                let end = self.tokens[self.at - 1].span;
                span = span.to(end);
                Term::Pipeline(Box::new(pipeline))
            }
            Kind::String | Kind::RawString => {
                Term::String(literal::string(text).map_err(|reason| self.error(span, reason))?)
            }
            _ => {
                self.at -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Operand { span, term }))
    }
}
