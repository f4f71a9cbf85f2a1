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
                escape_line(message.user.name()),
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
            if !message.reactions.is_empty() {
                let _ = write!(out, "\n{}\n", escape_line(&message.reactions.summary()));
            }
        }
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// Quotes a message, with a hard break between two lines that are not blank: two spaces, because not
/// every dialect knows the backslash.
fn quotation(text: &str) -> String {
    // Some programs treat U+2028 and U+2029 as line ends.
    let lines: Vec<_> = text.split(['\n', '\u{2028}', '\u{2029}']).map(escape_line).collect();
    let mut quoted = String::new();
    for (nth, line) in lines.iter().enumerate() {
        let has_break = !line.is_empty() && lines.get(nth + 1).is_some_and(|next| !next.is_empty());
        quoted.push_str(if line.is_empty() { ">" } else { "> " });
        quoted.push_str(line);
        quoted.push_str(if has_break { "  \n" } else { "\n" });
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
                escaped.extend(["<", &escape_address(link), ">"]);
                at += link.len();
            }
            Span::Text(words) | Span::Mention(words) => {
                for c in words.chars() {
                    let starts_block = at == 0 && matches!(c, '#' | '+' | '-' | ':');
                    let ends_number = digits > 0 && at == digits && matches!(c, '.' | ')');
                    // Some dialects make links of addresses without `<`.
                    let is_address = matches!(c, ':' | '.') && starts_address(&inner[..at], c);
                    push_escaped(&mut escaped, c, starts_block || ends_number || is_address);
                    at += c.len_utf8();
                }
            }
        }
    }
    escaped
}

/// Appends a character, escaped if it is syntax: with a backslash if every dialect knows that, or
/// else as a character reference.
fn push_escaped(escaped: &mut String, c: char, is_syntax_here: bool) {
    match c {
        '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '!' => escaped.extend(['\\', c]),
        '#' | '+' | '-' | '.' | ')' if is_syntax_here => escaped.extend(['\\', c]),
        '<' => escaped.push_str("&lt;"),
        '>' => escaped.push_str("&gt;"),
        '&' => escaped.push_str("&amp;"),
        '|' | '~' | '$' | '^' | '%' | '=' | '@' => escaped.push_str(&format!("&#{};", c as u32)),
        ':' if is_syntax_here => escaped.push_str("&#58;"),
        c => escaped.push(c),
    }
}

/// Whether `c` after this text makes an address of it: `www.`, `ftp:`.
fn starts_address(before: &str, c: char) -> bool {
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    match c {
        '.' => word.eq_ignore_ascii_case("www"),
        _ => !word.is_empty(),
    }
}

/// Percent-encodes what Python-Markdown takes for syntax even in an address.
fn escape_address(link: &str) -> String {
    link.replace('\\', "%5C").replace("](", "]%28").replace("][", "]%5B")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

    use super::*;

    #[test]
    fn syntax_is_escaped() {
        for (text, escaped) in [
            ("plain, text.", "plain, text."),
            ("# no heading", "\\# no heading"),
            ("- a #2", "\\- a #2"),
            ("12. no list", "12\\. no list"),
            ("12) 3.", "12\\) 3."),
            ("> `a` *b* _c_", "&gt; \\`a\\` \\*b\\* \\_c\\_"),
            ("[x]: http://a.example/_b_c", "\\[x\\]: <http://a.example/_b_c>"),
            ("![i](x)", "\\!\\[i\\](x)"),
            ("</div><!-- &lt;", "&lt;/div&gt;&lt;\\!-- &amp;lt;"),
            ("===", "&#61;&#61;&#61;"),
            ("    code", "\u{a0}\u{a0}\u{a0}\u{a0}code"),
            ("\tcode  ", "\u{a0}\u{a0}\u{a0}\u{a0}code"),
            ("a\\", "a\\\\"),
            ("www.x.test ftp://x.test 12:30", "www\\.x.test ftp&#58;//x.test 12&#58;30"),
            ("ada@x.test", "ada&#64;x.test"),
            ("http://x.test/[a](b)", "<http://x.test/[a]%28b)>"),
        ] {
            assert_eq!(escape_line(text), escaped, "{text}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(quotation("a\nb\n\n  \nc"), "> a  \n> b\n>\n>\n> c\n");
        assert_eq!(quotation("a\u{2028}# b"), "> a  \n> \\# b\n");
        assert_eq!(quotation("```\nx"), "> \\`\\`\\`  \n> x\n");
    }

    fn text() -> impl Strategy<Value = String> {
        let part = prop::sample::select(
            &[
                "[",
                "]",
                "(",
                ")",
                "!",
                "<",
                ">",
                "&",
                ";",
                "`",
                "```",
                "~~~",
                "*",
                "_",
                "#",
                "-",
                "+",
                "=",
                "|",
                "$",
                "^",
                ":",
                "\\",
                "\"",
                "'",
                "\n",
                "\n\n",
                "    ",
                "\t",
                " ",
                "a",
                "b",
                "1",
                ".",
                "@",
                "www.",
                "http://x.test/",
                "ftp://x.test",
                "mailto:a@b.test",
                "javascript:",
                "<b>",
                "<img src=x>",
                "<!--",
                "-->",
                "[a]: ",
                "![a](b)",
                "[a](b)",
                "[a][b]",
                "&lt;",
                "\u{2028}",
                "\u{a0}",
                "é",
            ][..],
        );
        prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The rendered quotation is the text, with no other element than the links of the text.
        #[test]
        fn a_rendered_text_is_only_text_and_its_links(text in text()) {
            let markdown = quotation(&text);
            let mut links = Vec::new();
            let mut rendered = String::new();
            let options = Options::all() - Options::ENABLE_SMART_PUNCTUATION;
            for event in Parser::new_ext(&markdown, options) {
                match event {
                    Event::Text(text) => rendered.push_str(&text),
                    Event::SoftBreak | Event::HardBreak => rendered.push('\n'),
                    Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                        prop_assert_eq!(link_type, LinkType::Autolink);
                        links.push(dest_url.into_string());
                    }
                    Event::Start(Tag::BlockQuote(None) | Tag::Paragraph) | Event::End(_) => {}
                    event => prop_assert!(false, "{:?} in {}", event, markdown),
                }
            }
            let expected: Vec<_> = shared::text::links(&text).map(escape_address).collect();
            prop_assert_eq!(links, expected, "{}", markdown);
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            let unescaped = letters(&text);
            prop_assert_eq!(letters(&rendered).replace("%5C", "\\").replace("]%28", "](").replace("]%5B", "]["), unescaped);
        }
    }
}
