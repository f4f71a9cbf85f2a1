//! The tokens of a text.

use super::{Run, Token, TokenKind, destination};
use crate::{
    text::links::{Syntax, is_address, link_at},
    unicode::is_blank,
};

pub(super) fn scan(text: &str) -> Vec<Token> {
    let last_backticks = last_backticks(text);
    let mut scanner =
        Scanner { text, at: 0, tokens: Vec::new(), brackets: Vec::new(), last_backticks };
    while let Some(&byte) = text.as_bytes().get(scanner.at) {
        let length = scanner.scan_token(byte).unwrap_or(1);
        scanner.at += length;
    }
    scanner.tokens
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    /// The tokens of the `[` that can still open a link.
    brackets: Vec<usize>,
    /// See [`last_backticks`].
    last_backticks: Vec<usize>,
}

impl Scanner<'_> {
    /// Adds the token at the position if there is one, and returns how many bytes are done.
    fn scan_token(&mut self, byte: u8) -> Option<usize> {
        match byte {
            b'\\' => self.scan_escape(),
            b'`' => self.scan_code(),
            b'<' => self.scan_autolink(),
            b':' => self.scan_address(),
            b'[' => {
                self.brackets.push(self.tokens.len());
                self.push(1, TokenKind::OpenBracket(None))
            }
            b']' => self.scan_closing_bracket(),
            b'*' | b'_' | b'~' | b'|' => {
                let length = self.run_length(byte);
                match Run::new(self.text, self.at..self.at + length) {
                    Some(run) => self.push(length, TokenKind::Run(run)),
                    None => Some(length),
                }
            }
            _ => None,
        }
    }

    fn push(&mut self, length: usize, kind: TokenKind) -> Option<usize> {
        self.tokens.push(Token { range: self.at..self.at + length, kind });
        Some(length)
    }

    /// The number of equal bytes from the position on.
    fn run_length(&self, byte: u8) -> usize {
        self.text.as_bytes()[self.at..].iter().take_while(|next| **next == byte).count()
    }

    /// CommonMark 2.4 and 6.7.
    fn scan_escape(&mut self) -> Option<usize> {
        match self.text.as_bytes().get(self.at + 1)? {
            b'\n' => self.push(1, TokenKind::Escape),
            next if next.is_ascii_punctuation() => self.push(2, TokenKind::Escape),
            _ => None,
        }
    }

    /// CommonMark 6.1.
    fn scan_code(&mut self) -> Option<usize> {
        let length = self.run_length(b'`');
        let mut end = self.at + length;
        // A search without success would read the rest of the text, for each run anew.
        if self.last_backticks.get(length).is_none_or(|&last| last <= end) {
            return Some(length);
        }
        let bytes = self.text.as_bytes();
        loop {
            end += bytes[end..].iter().take_while(|byte| **byte != b'`').count();
            let closing = bytes[end..].iter().take_while(|byte| **byte == b'`').count();
            end += closing;
            if closing == length {
                return self.push(end - self.at, TokenKind::Code(length));
            }
        }
    }

    /// CommonMark 6.5, for the schemes that may be opened.
    fn scan_autolink(&mut self) -> Option<usize> {
        let inner = &self.text[self.at + 1..];
        let length = inner.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>'))?;
        if !inner[length..].starts_with('>') || !is_address(&inner[..length]) {
            return None;
        }
        let start = self.at + 1;
        self.push(length + 2, TokenKind::Address(start..start + length))
    }

    /// Finds the address whose scheme ends before the position.
    fn scan_address(&mut self) -> Option<usize> {
        if !self.text[self.at..].starts_with("://") {
            return None;
        }
        let from = self.tokens.last().map_or(0, |token| token.range.end);
        let range = link_at(self.text, from, self.at, Syntax::Markdown)?;
        let length = range.end - self.at;
        self.tokens.push(Token { range: range.clone(), kind: TokenKind::Address(range) });
        Some(length)
    }

    /// CommonMark 6.3, without references.
    fn scan_closing_bracket(&mut self) -> Option<usize> {
        let opener = self.brackets.pop()?;
        let (url, length) = destination::parse(&self.text[self.at + 1..])?;
        let label = &self.text[self.tokens[opener].range.end..self.at];
        if label.chars().all(is_blank) {
            return None;
        }
        // No link contains a link. And if this one shows another address, so do those around it, which
        // would only search for the address again.
        self.brackets.clear();
        let shows_other = |token: &Token| match &token.kind {
            TokenKind::Address(shown) => self.text[shown.clone()] != url,
            _ => false,
        };
        if self.tokens[opener..].iter().any(shows_other) {
            return None;
        }
        self.tokens[opener].kind = TokenKind::OpenBracket(Some(url));
        self.push(1 + length, TokenKind::CloseLink)
    }
}

/// The end of the last run of backticks of each length.
fn last_backticks(text: &str) -> Vec<usize> {
    let mut last = Vec::new();
    let mut length = 0;
    for (at, byte) in text.bytes().chain([0]).enumerate() {
        if byte == b'`' {
            length += 1;
        } else if length > 0 {
            if last.len() <= length {
                last.resize(length + 1, 0);
            }
            last[length] = at;
            length = 0;
        }
    }
    last
}
