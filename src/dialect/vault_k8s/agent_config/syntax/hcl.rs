//! HCL, in its first version: bodies of `key = value` and `key "label" { … }`.

mod heredoc;
mod scanner;
mod string;
#[cfg(test)]
mod tests;

use self::scanner::{Scanner, Token};
use super::{DEPTH, Item, SyntaxError, Value};

pub(super) fn parse(text: &str) -> Result<Vec<Item>, SyntaxError> {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        depth: 0,
    };
    parser.body(&Token::End)
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    depth: usize,
}

impl Parser<'_> {
    /// Items up to the token that ends them. Each may be followed by a comma.
    fn body(&mut self, end: &Token) -> Result<Vec<Item>, SyntaxError> {
        self.deeper(|parser| {
            let mut items = Vec::new();
            loop {
                let token = parser.scanner.next()?;
                if token == *end {
                    return Ok(items);
                }
                items.push(parser.item(token)?);
                parser.scanner.skip(&Token::Comma)?;
            }
        })
    }

    /// The item whose first key is `token`.
    fn item(&mut self, mut token: Token) -> Result<Item, SyntaxError> {
        let mut keys = Vec::new();
        loop {
            match token {
                Token::Name(key) | Token::Text(key) => keys.push(key),
                // A key, even one that is spelt like a truth.
                Token::Truth(truth) if keys.is_empty() => keys.push(truth.to_string()),
                Token::Assign if keys.len() == 1 => {
                    let token = self.scanner.next()?;
                    let value = self.value(token)?;
                    return Ok(Item { keys, value });
                }
                Token::Open if !keys.is_empty() => {
                    let value = Value::Body(self.body(&Token::Close)?);
                    return Ok(Item { keys, value });
                }
                Token::End => return Err(self.scanner.error("ends before a block does")),
                _ if keys.is_empty() => return Err(self.scanner.error("a key is expected here")),
                _ => return Err(self.scanner.error("\"=\" or a block is expected here")),
            }
            token = self.scanner.next()?;
        }
    }

    fn value(&mut self, token: Token) -> Result<Value, SyntaxError> {
        Ok(match token {
            Token::Text(text) | Token::Heredoc(text) => Value::Text(text),
            Token::Integer(number) => Value::Integer(number),
            Token::Float(number) => Value::Float(number),
            Token::Truth(truth) => Value::Truth(truth),
            Token::Open => Value::Body(self.body(&Token::Close)?),
            Token::OpenList => Value::List(self.deeper(Self::list)?),
            _ => {
                return Err(self.scanner.error(
                    "a value is expected here: a text in quotes, a number, true, false, a list or a block",
                ));
            }
        })
    }

    /// Values with commas between them; one may stand behind the last.
    fn list(&mut self) -> Result<Vec<Value>, SyntaxError> {
        let mut values = Vec::new();
        loop {
            match self.scanner.next()? {
                Token::CloseList => return Ok(values),
                token => values.push(self.value(token)?),
            }
            match self.scanner.next()? {
                Token::CloseList => return Ok(values),
                Token::Comma => {}
                _ => {
                    return Err(self
                        .scanner
                        .error("a comma or the end of the list is expected here"));
                }
            }
        }
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth == DEPTH {
            return Err(self.scanner.error("blocks lie too deep in each other"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }
}
