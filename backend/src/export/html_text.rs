//! The text of a message as HTML. Only the tree makes elements; all text is escaped.

use std::{borrow::Cow, fmt::Write};

use shared::text::{
    Format, FormattedText, Span,
    markdown::{Alignment, Kind, Node, Visit, parse},
    spans,
};

/// The HTML of a text.
pub fn text_to_html(text: FormattedText<'_>) -> String {
    let mut html = String::new();
    match text.format {
        Format::Text => {
            html.push_str("<div class=\"plain\" dir=\"auto\">");
            spans(text.content).into_iter().for_each(|span| push_span(span, &mut html));
        }
        Format::Markdown => {
            html.push_str("<div class=\"markdown\">");
            let mut writer = TreeWriter { html: &mut html, columns: &[], row: 0, cell: 0 };
            for visit in parse(text.content).walk() {
                match visit {
                    Visit::Enter(node) => writer.open(node),
                    Visit::Leave(node) => writer.close(node),
                }
            }
        }
    }
    html.push_str("</div>");
    html
}

/// Escapes a string for element content and attribute values.
pub fn escape(text: &str) -> Cow<'_, str> {
    let is_syntax = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'');
    if !text.contains(is_syntax) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped.into()
}

fn push_span(span: Span<'_>, html: &mut String) {
    match span {
        Span::Text(text) | Span::Mention(text) => html.push_str(&escape(text)),
        Span::Link(link) => {
            let link = escape(link);
            let _ = write!(html, "<a dir=\"ltr\" href=\"{link}\" rel=\"noreferrer\">{link}</a>");
        }
    }
}

struct TreeWriter<'a> {
    html: &'a mut String,
    /// The open table: the alignments of its columns, and the numbers of the next row and cell.
    columns: &'a [Alignment],
    row: usize,
    cell: usize,
}

impl<'a> TreeWriter<'a> {
    fn open(&mut self, node: &'a Node<'_>) {
        match &node.kind {
            Kind::Text(text) => return self.html.push_str(&escape(text)),
            Kind::LineBreak => return self.html.push_str("<br>"),
            Kind::Table { columns } => (self.columns, self.row) = (columns, 0),
            Kind::Row => self.cell = 0,
            _ => {}
        }
        let (element, attributes) = (self.element(&node.kind), self.attributes(&node.kind));
        let _ = write!(self.html, "<{element}{attributes}>");
    }

    fn close(&mut self, node: &Node<'_>) {
        if matches!(node.kind, Kind::Text(_) | Kind::LineBreak | Kind::Rule) {
            return;
        }
        let _ = write!(self.html, "</{}>", self.element(&node.kind));
        match node.kind {
            Kind::Row => self.row += 1,
            Kind::Cell => self.cell += 1,
            _ => {}
        }
    }

    fn element(&self, kind: &Kind<'_>) -> &'static str {
        match kind {
            Kind::Paragraph => "p",
            // Below the title of the page and the days.
            Kind::Heading { level: 1 } => "h3",
            Kind::Heading { level: 2 } => "h4",
            Kind::Heading { level: 3 } => "h5",
            Kind::Heading { .. } => "h6",
            Kind::Quote => "blockquote",
            Kind::List { start: Some(_) } => "ol",
            Kind::List { start: None } => "ul",
            Kind::Item => "li",
            Kind::CodeBlock { .. } => "pre",
            Kind::Table { .. } => "table",
            Kind::Row => "tr",
            Kind::Cell if self.row == 0 => "th",
            Kind::Cell => "td",
            Kind::Rule => "hr",
            Kind::Code => "code",
            Kind::Bold => "strong",
            Kind::Italic => "em",
            Kind::Strike => "s",
            Kind::Link { .. } => "a",
            Kind::Spoiler | Kind::Text(_) | Kind::LineBreak => "span",
        }
    }

    fn attributes(&self, kind: &Kind<'_>) -> String {
        match kind {
            Kind::Paragraph | Kind::Heading { .. } => " dir=\"auto\"".into(),
            Kind::List { start: Some(start) } => format!(" start=\"{start}\""),
            Kind::CodeBlock { language } if !language.is_empty() => {
                format!(" data-language=\"{}\"", escape(language))
            }
            Kind::Cell => match self.columns.get(self.cell) {
                Some(Alignment::Left) => " class=\"left\"",
                Some(Alignment::Center) => " class=\"center\"",
                Some(Alignment::Right) => " class=\"right\"",
                Some(Alignment::Default) | None => " dir=\"auto\"",
            }
            .into(),
            // The style shows it while it has the focus or the pointer.
            Kind::Spoiler => " class=\"spoiler\" tabindex=\"0\"".into(),
            Kind::Link { url } => format!(" href=\"{}\" rel=\"noreferrer\"", escape(url)),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(content: &str) -> String {
        let html = text_to_html(FormattedText::new(Format::Markdown, content));
        let inner = html.strip_prefix("<div class=\"markdown\">").unwrap();
        inner.strip_suffix("</div>").unwrap().to_owned()
    }

    #[test]
    fn markup_becomes_elements() {
        for (text, expected) in [
            (
                "a **b** *c*\n~~d~~ `e`",
                "<p dir=\"auto\">a <strong>b</strong> <em>c</em><br><s>d</s> <code>e</code></p>",
            ),
            ("# T\n> q", "<h3 dir=\"auto\">T</h3><blockquote><p dir=\"auto\">q</p></blockquote>"),
            ("3. x", "<ol start=\"3\"><li><p dir=\"auto\">x</p></li></ol>"),
            ("```rust\na\n b\n```\n---", "<pre data-language=\"rust\">a\n b</pre><hr>"),
            (
                "[x](http://y.test)",
                "<p dir=\"auto\"><a href=\"http://y.test\" rel=\"noreferrer\">x</a></p>",
            ),
            ("||x||", "<p dir=\"auto\"><span class=\"spoiler\" tabindex=\"0\">x</span></p>"),
            (
                "|a|b|\n|-|-:|\n|c|d|e|",
                "<table><tr><th dir=\"auto\">a</th><th class=\"right\">b</th></tr>\
                 <tr><td dir=\"auto\">c</td><td class=\"right\">d</td><td dir=\"auto\">e</td></tr></table>",
            ),
        ] {
            assert_eq!(html(text), expected, "{text}");
        }
    }

    #[test]
    fn text_is_escaped_everywhere() {
        for text in [
            "<script>alert(1)</script>",
            "**<b onload='x'>**",
            "`<i>`",
            "```\"<i>\n</pre><i>\n```",
            "[<i>](http://y.test/?a='b'&c)",
            "|<i>|\n|-|\n|</table>|",
        ] {
            let html = html(text);
            let elements = ["p", "strong", "code", "pre", "a", "table", "tr", "th", "td"];
            let mut tags = html.split('<').skip(1).map(|tag| tag.trim_start_matches('/'));
            assert!(
                tags.all(|tag| elements.contains(&tag.split([' ', '>']).next().unwrap())),
                "{html}"
            );
            assert!(!html.contains("\"<") && !html.contains('\''), "{html}");
        }
    }
}
