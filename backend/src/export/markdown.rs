//! Markdown: a transcript by days. What somebody said is a quotation, in which nothing that they
//! typed is syntax: no text ends its quotation, defines a link for another, or hides what follows.

use std::io::Write;

use shared::{
    messages::Message,
    text::{Span, spans},
};

use super::format::{About, Days, Form};

/// Writes it.
#[derive(Default)]
pub struct Markdown {
    days: Days,
}

impl Form for Markdown {
    fn begin(&mut self, about: &About, out: &mut Vec<u8>) {
        let _ = write!(out, "# {}\n\n{}\n", line(&about.title), line(&about.summary));
    }

    fn messages(&mut self, about: &About, messages: &[Message], out: &mut Vec<u8>) {
        for message in messages {
            let said = about.there(message.created_at);
            if let Some(day) = self.days.turn(&said) {
                let _ = write!(out, "\n## {day}\n");
            }
            let _ =
                write!(out, "\n**{}** at {}", line(&message.user.username), said.format("%H:%M"));
            if about.is_search {
                let _ = write!(out, " in {}", line(about.room(message)));
            }
            let _ = write!(out, ", no. {}", message.seq);
            if let Some(seq) = message.reply_to {
                let _ = write!(out, ", in answer to no. {seq}");
            }
            if message.deleted_at.is_some() {
                let _ = out.write_all(b", *deleted*\n");
                continue;
            }
            let edited = if message.edited_at.is_some() { ", *edited*" } else { "" };
            let _ = write!(out, "{edited}\n\n{}", quotation(&message.content));
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// Lines as they were, those that are not blank with a hard break between them.
fn quotation(text: &str) -> String {
    // Some programs take these for line ends, too.
    let lines: Vec<_> = text.split(['\n', '\u{2028}', '\u{2029}']).map(line).collect();
    let mut quoted = String::new();
    for (nth, line) in lines.iter().enumerate() {
        let goes_on = !line.is_empty() && lines.get(nth + 1).is_some_and(|next| !next.is_empty());
        quoted.push_str(if line.is_empty() { ">" } else { "> " });
        quoted.push_str(line);
        quoted.push_str(if goes_on { "\\\n" } else { "\n" });
    }
    quoted
}

/// One line as plain text; an address stays one.
fn line(text: &str) -> String {
    let text = text.trim_end_matches([' ', '\t']);
    let inner = text.trim_start_matches([' ', '\t']);
    // Four blanks would make code of it; these are no blanks to Markdown.
    let indent = text[..text.len() - inner.len()].chars();
    let mut plain: String =
        indent.map(|c| if c == '\t' { "\u{a0}\u{a0}\u{a0}\u{a0}" } else { "\u{a0}" }).collect();
    let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut at = 0;
    for span in spans(inner) {
        match span {
            Span::Link(address) => {
                plain.extend(["<", address, ">"]);
                at += address.len();
            }
            Span::Text(words) | Span::Mention(words) => {
                for c in words.chars() {
                    let begins = at == 0 && matches!(c, '#' | '+' | '-' | ':' | '!');
                    let numbers = digits > 0 && at == digits && matches!(c, '.' | ')');
                    if begins || numbers || is_syntax(c) {
                        plain.push('\\');
                    }
                    plain.push(c);
                    at += c.len_utf8();
                }
            }
        }
    }
    plain
}

/// Whether a character means something to Markdown, or one of its dialects, wherever it is.
fn is_syntax(c: char) -> bool {
    "\\`*_{}[]<>&|~$^%=".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_typed_is_syntax() {
        for (text, plain) in [
            ("plain, text.", "plain, text."),
            ("# no heading", "\\# no heading"),
            ("- a #2", "\\- a #2"),
            ("12. no list", "12\\. no list"),
            ("12) 3.", "12\\) 3."),
            ("> `a` *b* _c_", "\\> \\`a\\` \\*b\\* \\_c\\_"),
            ("[x]: http://a.example/_b_", "\\[x\\]: <http://a.example/_b_>"),
            ("</div><!-- &lt;", "\\</div\\>\\<!-- \\&lt;"),
            ("===", "\\=\\=\\="),
            ("    code", "\u{a0}\u{a0}\u{a0}\u{a0}code"),
            ("\tcode  ", "\u{a0}\u{a0}\u{a0}\u{a0}code"),
            ("a\\", "a\\\\"),
        ] {
            assert_eq!(line(text), plain, "{text}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(quotation("a\nb\n\n  \nc"), "> a\\\n> b\n>\n>\n> c\n");
        assert_eq!(quotation("a\u{2028}# b"), "> a\\\n> \\# b\n");
        assert_eq!(quotation("```\nx"), "> \\`\\`\\`\\\n> x\n");
    }
}
