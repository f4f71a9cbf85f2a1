//! Markdown: a transcript by day. Each text is a quotation in which all syntax is escaped, so no
//! text can end its quotation, define a link for another text, or hide the messages after it.

use std::io::Write;

use shared::{
    messages::Message,
    text::{Span, spans},
};

use super::writer::{DayHeadings, ExportInfo, Writer};

#[derive(Default)]
pub struct MarkdownWriter {
    headings: DayHeadings,
}

impl Writer for MarkdownWriter {
    fn begin(&mut self, info: &ExportInfo, out: &mut Vec<u8>) {
        let _ = write!(out, "# {}\n\n{}\n", escape_line(&info.title), escape_line(&info.summary));
    }

    fn messages(&mut self, info: &ExportInfo, messages: &[Message], out: &mut Vec<u8>) {
        for message in messages {
            let time = info.local(message.created_at);
            if let Some(day) = self.headings.next(&time) {
                let _ = write!(out, "\n## {day}\n");
            }
            let _ = write!(
                out,
                "\n**{}** at {}",
                escape_line(&message.user.username),
                time.format("%H:%M")
            );
            if info.is_search {
                let _ = write!(out, " in {}", escape_line(info.room_name(message)));
            }
            let _ = write!(out, ", no. {}", message.seq);
            if let Some(seq) = message.reply_to {
                let _ = write!(out, ", in reply to no. {seq}");
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

/// Quotes a message, with a hard break between two lines that are not blank.
fn quotation(text: &str) -> String {
    // Some programs treat U+2028 and U+2029 as line ends.
    let lines: Vec<_> = text.split(['\n', '\u{2028}', '\u{2029}']).map(escape_line).collect();
    let mut quoted = String::new();
    for (nth, line) in lines.iter().enumerate() {
        let has_break = !line.is_empty() && lines.get(nth + 1).is_some_and(|next| !next.is_empty());
        quoted.push_str(if line.is_empty() { ">" } else { "> " });
        quoted.push_str(line);
        quoted.push_str(if has_break { "\\\n" } else { "\n" });
    }
    quoted
}

/// Escapes the syntax of a line, except that links stay links.
fn escape_line(text: &str) -> String {
    let text = text.trim_end_matches([' ', '\t']);
    let inner = text.trim_start_matches([' ', '\t']);
    // Four spaces would start a code block; non-breaking spaces do not.
    let indent = text[..text.len() - inner.len()].chars();
    let mut escaped: String =
        indent.map(|c| if c == '\t' { "\u{a0}\u{a0}\u{a0}\u{a0}" } else { "\u{a0}" }).collect();
    let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut at = 0;
    for span in spans(inner) {
        match span {
            Span::Link(link) => {
                escaped.extend(["<", link, ">"]);
                at += link.len();
            }
            Span::Text(words) | Span::Mention(words) => {
                for c in words.chars() {
                    let starts_block = at == 0 && matches!(c, '#' | '+' | '-' | ':' | '!');
                    let ends_number = digits > 0 && at == digits && matches!(c, '.' | ')');
                    if starts_block || ends_number || is_syntax(c) {
                        escaped.push('\\');
                    }
                    escaped.push(c);
                    at += c.len_utf8();
                }
            }
        }
    }
    escaped
}

/// Whether a character is syntax anywhere in a line, in Markdown or one of its dialects.
fn is_syntax(c: char) -> bool {
    "\\`*_{}[]<>&|~$^%=".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_is_escaped() {
        for (text, escaped) in [
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
            assert_eq!(escape_line(text), escaped, "{text}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(quotation("a\nb\n\n  \nc"), "> a\\\n> b\n>\n>\n> c\n");
        assert_eq!(quotation("a\u{2028}# b"), "> a\\\n> \\# b\n");
        assert_eq!(quotation("```\nx"), "> \\`\\`\\`\\\n> x\n");
    }
}
