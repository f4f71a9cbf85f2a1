//! HTML: a page that works offline and has its own search.

use std::{io::Write, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use shared::{
    ids::{RoomId, Seq},
    messages::Message,
};

use super::{
    html_text::{escape, text_to_html},
    writer::{DayHeadings, ExportInfo, Writer},
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The content security policy. It allows only the page's own style and script, by their hashes, so
/// that no message can run a script.
static CSP: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

#[derive(Default)]
pub struct HtmlWriter {
    headings: DayHeadings,
    has_open_day: bool,
}

impl Writer for HtmlWriter {
    fn begin(&mut self, info: &ExportInfo, out: &mut Vec<u8>) {
        let (title, summary, csp) = (escape(&info.title), escape(&info.summary), &*CSP);
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{csp}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<h1 dir=\"auto\">{title}</h1>\n<p dir=\"auto\">{summary}</p>\n\
             <form role=\"search\" hidden><input type=\"search\" aria-label=\"Search\" \
             placeholder=\"Search\" autocomplete=\"off\"><output></output></form>\n\
             </header>\n<main>\n"
        );
    }

    fn messages(&mut self, info: &ExportInfo, messages: &[Message], out: &mut Vec<u8>) {
        for message in messages {
            if let Some(day) = self.headings.next(&info.local(message.created_at)) {
                self.close_day(out);
                self.has_open_day = true;
                let _ = write!(out, "<section>\n<h2>{day}</h2>\n");
            }
            write_article(info, message, out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.close_day(out);
        let _ = write!(out, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    }
}

impl HtmlWriter {
    fn close_day(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.has_open_day) {
            let _ = out.write_all(b"</section>\n");
        }
    }
}

fn write_article(info: &ExportInfo, message: &Message, out: &mut Vec<u8>) {
    let own_id = element_id(info, message.room, message.seq);
    let time = info.local(message.created_at);
    let _ = write!(
        out,
        "<article id=\"{own_id}\"><p><b dir=\"auto\">{}</b> <a href=\"#{own_id}\">\
         <time datetime=\"{}\">{}</time></a>",
        escape(message.user.name()),
        time.to_rfc3339(),
        time.format("%H:%M"),
    );
    if info.is_search {
        let _ = write!(out, " <span dir=\"auto\">in {}</span>", escape(info.room_name(message)));
    }
    match message.reply_to {
        // The replied-to message need not be among the hits.
        Some(seq) if info.is_search => {
            let _ = write!(out, " <i>in reply to {seq}</i>");
        }
        Some(seq) => {
            let to = element_id(info, message.room, seq);
            let _ = write!(out, " <i>in reply to <a href=\"#{to}\">{seq}</a></i>");
        }
        None => {}
    }
    if message.deleted_at.is_some() {
        let _ = out.write_all(b" <i>deleted</i></p></article>\n");
        return;
    }
    let edited = if message.edited_at.is_some() { " <i>edited</i>" } else { "" };
    let _ = write!(out, "{edited}</p>{}", text_to_html(message.text()));
    if !message.reactions.is_empty() {
        let _ = write!(out, "<p class=\"reactions\">{}</p>", escape(&message.reactions.summary()));
    }
    let _ = out.write_all(b"</article>\n");
}

/// The id of a message's element. A `seq` is unique only in its room.
fn element_id(info: &ExportInfo, room: RoomId, seq: Seq) -> String {
    if info.is_search { format!("m{room}-{seq}") } else { format!("m{seq}") }
}

#[cfg(test)]
mod tests {
    use shared::search::tokenizer::fold;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn tags_are_escaped() {
        assert_eq!(escape("</script><b a=\"'&"), "&lt;/script&gt;&lt;b a=&quot;&#39;&amp;");
        assert_eq!(escape("é🙂"), "é🙂");
    }

    /// The page has its own copy of what the server's search ignores and how it writes letters.
    #[test]
    fn the_page_searches_as_the_server() {
        let (_, dropped) = SCRIPT.split_once("const DROPPED =\n  /[").unwrap();
        let (dropped, _) = dropped.split_once("]/u;").unwrap();
        let code = |text: &str| u32::from_str_radix(text.trim_matches(['{', '}']), 16).unwrap();
        let ranges: Vec<_> = dropped
            .replace("-\\u", "-")
            .split("\\u")
            .skip(1)
            .map(|range| range.split_once('-').unwrap_or((range, range)))
            .map(|(first, last)| code(first)..=code(last))
            .collect();
        for c in ('\u{80}'..='\u{1ffff}').chain('\u{e0000}'..='\u{e1000}') {
            let is_dropped = ranges.iter().any(|range| range.contains(&(c as u32)));
            // A compatibility form of a dropped character decomposes to it.
            let decomposed: String = c.nfkd().collect();
            if decomposed == c.to_string() {
                assert_eq!(fold(&decomposed).is_empty(), is_dropped, "U+{:04X}", c as u32);
            }
            if c.is_lowercase() && !is_dropped && decomposed == c.to_string() {
                let written = format!(" {c}: \"{}\"", fold(&decomposed));
                let differs = fold(&decomposed) != decomposed;
                assert_eq!(SCRIPT.contains(&written), differs, "{c}");
            }
        }
    }

    /// A tag in the style or the script could end its element early.
    #[test]
    fn style_and_script_contain_no_tags() {
        assert!(!STYLE.contains('<') && !SCRIPT.contains("</"));
        assert!(!STYLE.contains("url(") && !SCRIPT.contains("innerHTML"));
    }
}
