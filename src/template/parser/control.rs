//! Control structures: conditions, loops, calls of templates.

use super::{End, Parse, Parser};
use crate::template::ast::{Body, Branches, Node, Pipeline};
use crate::template::token::{Kind, Token};

impl Parser<'_> {
    pub(super) fn loop_control(&mut self, node: Node, name: &str) -> Parse<Node> {
        let keyword = self.next();
        self.expect(Kind::RightDelimiter, name)?;
        match self.range_depth {
            0 => Err(self.error(keyword.span, format!("{name} outside {{{{range}}}}"))),
            _ => Ok(node),
        }
    }

    /// `{{else}}`; of `{{else if` and `{{else with` only the first word is taken.
    pub(super) fn otherwise(&mut self) -> Parse<Token> {
        let keyword = self.next();
        match self.peek_word().kind {
            Kind::If | Kind::With => Ok(keyword),
            _ => self.expect(Kind::RightDelimiter, "else"),
        }
    }

    pub(super) fn branches(&mut self, kind: Kind, context: &str) -> Parse<Branches> {
        let scope = self.visible.len();
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            // The word itself.
            self.next_word();
            let pipeline = self.pipeline(context, Kind::RightDelimiter)?;
            let (body, end) = self.body()?;
            arms.push((pipeline, body));
            match end {
                (End::End, _) => break,
                (End::Else, _) if self.peek_word().kind == kind => {}
                (End::Else, _) => {
                    otherwise = self.last_body()?;
                    break;
                }
            }
        }
        self.visible.truncate(scope);
        Ok(Branches { arms, otherwise })
    }

    pub(super) fn range(&mut self) -> Parse<Node> {
        self.next();
        let scope = self.visible.len();
        let pipeline = self.pipeline("range", Kind::RightDelimiter)?;
        self.range_depth += 1;
        let (body, end) = self.body()?;
        self.range_depth -= 1;
        let otherwise = match end.0 {
            End::End => Vec::new(),
            End::Else => self.last_body()?,
        };
        self.visible.truncate(scope);
        Ok(Node::Range {
            pipeline,
            body,
            otherwise,
        })
    }

    /// The body after the last `{{else}}`.
    pub(super) fn last_body(&mut self) -> Parse<Body> {
        match self.body()? {
            (body, (End::End, _)) => Ok(body),
            (_, (End::Else, token)) => Err(self.error(token.span, "expected end; found {{else}}")),
        }
    }

    pub(super) fn block(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "block clause";
        self.next();
        let token = self.next_word();
        let name = self.template_name(token, CONTEXT)?;
        let pipeline = Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?);
        self.define(token.span, name.clone(), CONTEXT)?;
        Ok(Node::Template {
            span: token.span,
            name,
            pipeline,
        })
    }

    pub(super) fn template(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "template clause";
        self.next();
        let token = self.next_word();
        let name = self.template_name(token, CONTEXT)?;
        let pipeline: Option<Pipeline> = if self.peek_word().kind == Kind::RightDelimiter {
            self.next_word();
            None
        } else {
            Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?)
        };
        Ok(Node::Template {
            span: token.span,
            name,
            pipeline,
        })
    }
}
