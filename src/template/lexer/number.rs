//! The words that are numbers.
//!
//! Not every word that is cut out here is a number: what is wrong with one,
//! [`literal`](crate::template::literal) says.

use super::Lexer;
use crate::template::letter;
use crate::template::token::Kind;

impl Lexer<'_> {
    pub(super) fn number(&mut self) -> Result<(), String> {
        let mut kind = Kind::Number;
        let mut valid = self.scan_number();
        if valid && matches!(self.peek(), Some('+' | '-')) {
            kind = Kind::Complex;
            valid = self.scan_number() && self.source[..self.at].ends_with('i');
        }
        if !valid {
            return Err(format!(
                "bad number syntax: {:?}",
                &self.source[self.start..self.at]
            ));
        }
        self.push(kind);
        Ok(())
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        while self.accept(digits) {}
        if self.accept(".") {
            while self.accept(digits) {}
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            while self.accept("0123456789_") {}
        }
        self.accept("i");
        let ends = !self.peek().is_some_and(letter::is_word);
        if !ends {
            self.bump();
        }
        ends
    }

    fn accept(&mut self, any_of: &str) -> bool {
        let accepted = self.peek().is_some_and(|next| any_of.contains(next));
        if accepted {
            self.bump();
        }
        accepted
    }
}
