//! HTML: one page that needs no network, with a search of its own.

use std::{borrow::Cow, io::Write, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
    text::{Span, spans},
};

use super::format::{About, Days, Form};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the page may do wherever it is opened: its own style and script, by their hashes, and
/// nothing that anybody said.
static CSP: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// Writes it.
#[derive(Default)]
pub struct Html {
    days: Days,
    is_in_day: bool,
}

impl Form for Html {
    fn begin(&mut self, about: &About, out: &mut Vec<u8>) {
        let (title, summary, csp) = (escaped(&about.title), escaped(&about.summary), &*CSP);
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{csp}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1 dir=\"auto\">{title}</h1>\n<p>{summary}</p>\n\
             <form role=\"search\" hidden><input type=\"search\" aria-label=\"Search\" \
             placeholder=\"Search\" autocomplete=\"off\"><output></output></form>\n\
             </header>\n<main>\n"
        );
    }

    fn messages(&mut self, about: &About, messages: &[Message], out: &mut Vec<u8>) {
        for message in messages {
            if let Some(day) = self.days.turn(&about.there(message.created_at)) {
                self.end_day(out);
                self.is_in_day = true;
                let _ = write!(out, "<section>\n<h2>{day}</h2>\n");
            }
            article(about, message, out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.end_day(out);
        let _ = write!(out, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    }
}

impl Html {
    fn end_day(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_in_day) {
            let _ = out.write_all(b"</section>\n");
        }
    }
}

fn article(about: &About, message: &Message, out: &mut Vec<u8>) {
    let anchor = anchor(about, message.room, message.seq);
    let said = about.there(message.created_at);
    let _ = write!(
        out,
        "<article id=\"{anchor}\"><p><b dir=\"auto\">{}</b> <a href=\"#{anchor}\">\
         <time datetime=\"{}\">{}</time></a>",
        escaped(&message.user.username),
        said.to_rfc3339(),
        said.format("%H:%M"),
    );
    if about.is_search {
        let _ = write!(out, " <span dir=\"auto\">in {}</span>", escaped(about.room(message)));
    }
    match message.reply_to {
        // What it answers need not have been found.
        Some(seq) if about.is_search => {
            let _ = write!(out, " <i>in answer to {seq}</i>");
        }
        Some(seq) => {
            let to = self::anchor(about, message.room, seq);
            let _ = write!(out, " <i>in answer to <a href=\"#{to}\">{seq}</a></i>");
        }
        None => {}
    }
    if message.deleted_at.is_some() {
        let _ = out.write_all(b" <i>deleted</i></p></article>\n");
        return;
    }
    let edited = if message.edited_at.is_some() { " <i>edited</i>" } else { "" };
    let _ = write!(out, "{edited}</p><div dir=\"auto\">");
    for span in spans(&message.content) {
        let _ = match span {
            Span::Text(text) | Span::Mention(text) => out.write_all(escaped(text).as_bytes()),
            Span::Link(address) => {
                let address = escaped(address);
                write!(out, "<a href=\"{address}\" rel=\"noreferrer\">{address}</a>")
            }
        };
    }
    let _ = out.write_all(b"</div></article>\n");
}

/// Where a message is in the page: numbers are a room's.
fn anchor(about: &About, room: RoomId, seq: Seq) -> String {
    if about.is_search { format!("m{room}-{seq}") } else { format!("m{seq}") }
}

/// Plain text, between tags and in the value of an attribute.
fn escaped(text: &str) -> Cow<'_, str> {
    let is_syntax = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'');
    if !text.contains(is_syntax) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '"' => plain.push_str("&quot;"),
            '\'' => plain.push_str("&#39;"),
            c => plain.push(c),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_tag() {
        assert_eq!(escaped("</script><b a=\"'&"), "&lt;/script&gt;&lt;b a=&quot;&#39;&amp;");
        assert_eq!(escaped("é🙂"), "é🙂");
    }

    /// Either would end its element early.
    #[test]
    fn style_and_script_hold_no_tags() {
        assert!(!STYLE.contains('<') && !SCRIPT.contains("</"));
        assert!(!STYLE.contains("url(") && !SCRIPT.contains("innerHTML"));
    }
}
