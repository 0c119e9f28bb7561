//! From words to a tree: bodies, control structures, definitions.

mod control;
mod pipeline;

use std::collections::BTreeMap;

use super::ast::{Body, Name, Node, Span};
use super::call::Function;
use super::error::ParseError;
use super::functions::Table;
use super::lexer;
use super::literal;
use super::token::{Kind, Token};

/// What the source is parsed to.
pub(super) struct Parsed {
    pub(super) body: Body,
    /// What `define` and `block` made, by name.
    pub(super) definitions: BTreeMap<Vec<u8>, Body>,
    /// The names of variables, `$` included; the first is `$`.
    pub(super) names: Vec<String>,
    /// Every function that is called, in the order of the source.
    pub(super) functions: Vec<&'static Function>,
}

/// Parses `source`.
pub(super) fn parse(
    source: &str,
    left: &str,
    right: &str,
    table: &Table,
) -> Result<Parsed, ParseError> {
    let (tokens, lexical_error) = lexer::tokens(source, left, right);
    let mut parser = Parser {
        source,
        table,
        tokens,
        lexical_error,
        at: 0,
        action: None,
        nesting: 0,
        range_depth: 0,
        visible: vec![0],
        parsed: Parsed {
            body: Vec::new(),
            definitions: BTreeMap::new(),
            names: vec!["$".to_owned()],
            functions: Vec::new(),
        },
    };
    parser.top()?;
    Ok(parser.parsed)
}

/// Deeper nesting of control structures and parentheses is refused, so that no template exhausts
/// the stack.
const MAX_NESTING: usize = 100;

struct Parser<'a> {
    source: &'a str,
    table: &'a Table,
    tokens: Vec<Token>,
    lexical_error: Option<String>,
    at: usize,
    /// Where the current action began.
    action: Option<Span>,
    nesting: usize,
    range_depth: usize,
    /// The variables in scope.
    visible: Vec<Name>,
    parsed: Parsed,
}

type Parse<T> = Result<T, ParseError>;

/// What ended a body.
enum End {
    End,
    Else,
}

impl<'a> Parser<'a> {
    fn top(&mut self) -> Parse<()> {
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelimiter {
                let action = self.at;
                self.next();
                if self.next_word().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.at = action;
            }
            match self.item()? {
                Item::Node(node) => self.parsed.body.push(node),
                Item::End(token) => return Err(self.error(token.span, "unexpected {{end}}")),
                Item::Else(token) => return Err(self.error(token.span, "unexpected {{else}}")),
            }
        }
        Ok(())
    }

    /// `{{define` is read.
    fn definition(&mut self) -> Parse<()> {
        let token = self.next_word();
        let name = self.template_name(token, "define clause")?;
        self.expect(Kind::RightDelimiter, "define clause")?;
        self.define(token.span, name, "define clause")
    }

    /// A body that is a template of its own: no variable and no range of the outside reaches it.
    fn define(&mut self, span: Span, name: Vec<u8>, context: &str) -> Parse<()> {
        let visible = std::mem::replace(&mut self.visible, vec![0]);
        let range_depth = std::mem::take(&mut self.range_depth);
        let (body, end) = self.body()?;
        self.visible = visible;
        self.range_depth = range_depth;
        if let (End::Else, token) = end {
            return Err(self.error(token.span, format!("unexpected {{{{else}}}} in {context}")));
        }
        match self.parsed.definitions.get(&name) {
            Some(old) if !self.is_blank(old) => {
                if !self.is_blank(&body) {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    return Err(
                        self.error(span, format!("multiple definition of template {name:?}"))
                    );
                }
            }
            _ => {
                self.parsed.definitions.insert(name, body);
            }
        }
        Ok(())
    }

    fn is_blank(&self, body: &Body) -> bool {
        body.iter().all(|node| match node {
            Node::Text(span) => self.text(*span).trim().is_empty(),
            _ => false,
        })
    }

    fn body(&mut self) -> Parse<(Body, (End, Token))> {
        self.deeper()?;
        let mut body = Vec::new();
        loop {
            if self.peek_word().kind == Kind::Eof {
                return Err(self.error(self.peek().span, "unexpected EOF"));
            }
            match self.item()? {
                Item::Node(node) => body.push(node),
                Item::End(token) => {
                    self.nesting -= 1;
                    return Ok((body, (End::End, token)));
                }
                Item::Else(token) => {
                    self.nesting -= 1;
                    return Ok((body, (End::Else, token)));
                }
            }
        }
    }

    fn item(&mut self) -> Parse<Item> {
        let token = self.next_word();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.span))),
            Kind::LeftDelimiter => {
                self.action = Some(token.span);
                let item = self.action()?;
                self.action = None;
                Ok(item)
            }
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn action(&mut self) -> Parse<Item> {
        let token = self.peek_word();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.loop_control(Node::Break, "{{break}}")?,
            Kind::Continue => self.loop_control(Node::Continue, "{{continue}}")?,
            Kind::Else => return self.otherwise().map(Item::Else),
            Kind::End => {
                self.next();
                return self.expect(Kind::RightDelimiter, "end").map(Item::End);
            }
            Kind::If => Node::If(self.branches(Kind::If, "if")?),
            Kind::With => Node::With(self.branches(Kind::With, "with")?),
            Kind::Range => self.range()?,
            Kind::Template => self.template()?,
            _ => Node::Action(self.pipeline("command", Kind::RightDelimiter)?),
        };
        Ok(Item::Node(node))
    }

    fn template_name(&self, token: Token, context: &str) -> Parse<Vec<u8>> {
        match token.kind {
            Kind::String | Kind::RawString => literal::string(self.text(token.span))
                .map_err(|reason| self.error(token.span, reason)),
            _ => Err(self.unexpected(token, context)),
        }
    }

    fn deeper(&mut self) -> Parse<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            let message = format!("nested too deeply: at most {MAX_NESTING} levels");
            return Err(self.error(self.peek().span, message));
        }
        Ok(())
    }

    fn peek(&self) -> Token {
        // The last token, the end or an error, is never passed; the list is never empty.
        let last = self.tokens.len() - 1;
        self.tokens[self.at.min(last)]
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Skips white space, then the same as `peek`.
    fn peek_word(&mut self) -> Token {
        while self.peek().kind == Kind::Space {
            self.at += 1;
        }
        self.peek()
    }

    fn next_word(&mut self) -> Token {
        self.peek_word();
        self.next()
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parse<Token> {
        let token = self.next_word();
        match token.kind == kind {
            true => Ok(token),
            false => Err(self.unexpected(token, context)),
        }
    }

    fn text(&self, span: Span) -> &'a str {
        &self.source[span.start..span.end]
    }

    fn error(&self, span: Span, message: impl Into<String>) -> ParseError {
        ParseError::new(self.source, span, message.into())
    }

    fn unexpected(&self, token: Token, context: &str) -> ParseError {
        if token.kind == Kind::Error {
            let reason = self.lexical_error.clone().unwrap_or_default();
            // An action that never ends is better shown where it begins.
            let span = self
                .action
                .filter(|_| reason == "unclosed action")
                .unwrap_or(token.span);
            return self.error(span, reason);
        }
        let shown = match token.kind {
            Kind::Eof => "EOF".to_owned(),
            _ => format!("{:?}", self.text(token.span)),
        };
        self.error(token.span, format!("unexpected {shown} in {context}"))
    }
}

enum Item {
    Node(Node),
    End(Token),
    Else(Token),
}
