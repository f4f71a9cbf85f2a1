//! Escaping: each format contains the complete text of every message, and no text becomes markup.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{ids::RoomId, messages::Message, paths};

use super::{export, lines, messages};
use crate::{fixture::Fixture, search::room};

const ROOM_NAME: &str = "=2+3 </title><b>";

const TEXTS: &[&str] = &[
    "plain",
    "\"quoted\", and, commas; \"\"",
    "two\nlines\n\n# no heading\n- no list\n1. none",
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "＝1",
    "'=1",
    "</script><script>alert(1)</script><b onload='x'>",
    "</div></article><!-- <style>*{display:none}",
    "```\nfence\n> quote\n~~~",
    "[ada]: http://a.example/ \"x\"\n![i](http://a.example/i.png)\n===\n***",
    "see (https://a.example/?a=1&b='2'_x_) `code` *so* $x$",
    "&amp; &lt; &#39; \\ \\\\ \\",
    "👩‍👩‍👧‍👦 e\u{301} \u{202e}gnp.exe\u{2066}",
    "שלום \"עולם\", مرحبا",
    "a\u{2028}# b",
];

/// Posts all texts, the longest possible one, a reply, an edited and a deleted message.
pub async fn post_all_texts(fixture: &Fixture) -> RoomId {
    let room = room(fixture, ROOM_NAME).await;
    let path = paths::fill(paths::MESSAGES, &[&room]);
    for text in TEXTS {
        let new = json!({"content": text, "format": "text"});
        fixture.member.post(&path, new).await.expect_status(201);
    }
    let new = json!({"content": "ü,".repeat(5_461), "format": "text"});
    fixture.admin.post(&path, new).await.expect_status(201);
    fixture
        .admin
        .post(&path, json!({"content": "an answer", "format": "text", "reply_to": 4}))
        .await
        .expect_status(201);
    let new = json!({"content": "wrogn", "format": "text"});
    fixture.member.post(&path, new).await.expect_status(201);
    let at = |back: usize| paths::fill(paths::MESSAGE, &[&room, &(TEXTS.len() + back)]);
    fixture.member.patch(&at(3), json!({"content": "=right"})).await.expect_status(200);
    fixture.member.post_message(room, "a secret").await;
    fixture.member.delete(&at(4)).await.expect_status(204);
    room
}

/// The messages by REST.
async fn rest_messages(fixture: &Fixture, room: RoomId) -> Vec<Value> {
    let path = paths::fill(paths::MESSAGES, &[&room]);
    let page =
        fixture.member.get(&format!("{path}?anchor=oldest&after=200")).await.expect_status(200);
    page["messages"].as_array().unwrap().clone()
}

/// Exports a room; returns the file and the messages by REST.
async fn export_with_messages(
    fixture: &Fixture,
    room: RoomId,
    format: &str,
) -> (String, Vec<Message>) {
    let text = export(&fixture.member, room, &[("format", format)]).await.text;
    assert!(!text.contains("wrogn") && !text.contains("a secret"), "{format}");
    let messages = rest_messages(fixture, room).await.into_iter();
    (text, messages.map(|message| serde_json::from_value(message).unwrap()).collect())
}

#[tokio::test]
async fn json_lines_equal_the_rest_messages() {
    let fixture = Fixture::start().await;
    let room = post_all_texts(&fixture).await;
    let (text, _) = export_with_messages(&fixture, room, "jsonl").await;
    assert_eq!(lines(&text), rest_messages(&fixture, room).await);
    let last = messages(&text).pop().unwrap();
    assert!(last.deleted_at.is_some() && last.content.is_empty());
}

#[tokio::test]
async fn csv_round_trips_and_contains_no_formula() {
    let fixture = Fixture::start().await;
    let room = post_all_texts(&fixture).await;
    let (text, messages) = export_with_messages(&fixture, room, "csv").await;
    assert!(
        text.starts_with("\"room\",\"seq\",\"id\",\"created_at\",") && text.ends_with("\"\r\n")
    );
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = ["username", "content", "reply_to", "edited_at", "deleted_at", "reactions"];
    assert_eq!(reader.headers().unwrap().iter().skip(4).collect::<Vec<_>>(), names);
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), messages.len());
    for (record, message) in records.iter().zip(&messages) {
        for cell in record {
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '\t', '\n']), "{cell}");
        }
        let cell = |nth: usize| record[nth].strip_prefix('\'').unwrap_or(&record[nth]);
        assert_eq!(cell(0), ROOM_NAME);
        assert_eq!((cell(1), cell(2)), (&*message.seq.to_string(), &*message.id.to_string()));
        let moment = json!(message.created_at);
        assert_eq!((cell(3), cell(4)), (moment.as_str().unwrap(), &*message.user.username));
        assert_eq!(cell(5), message.content);
        assert_eq!(cell(6), message.reply_to.map(|seq| seq.to_string()).unwrap_or_default());
        let is_set = [message.edited_at.is_some(), message.deleted_at.is_some()];
        assert_eq!([!cell(7).is_empty(), !cell(8).is_empty()], is_set);
        assert_eq!(cell(9), message.reactions.summary());
    }
}

/// Unescapes a quoted Markdown line.
fn unquote(line: &str) -> String {
    let mut text = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            '&' => {
                let name: String = chars.by_ref().take_while(|c| *c != ';').collect();
                text.push(match &*name {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    code => char::from_u32(code[1..].parse().unwrap()).unwrap(),
                });
            }
            // A link.
            '<' => text.extend(chars.by_ref().take_while(|c| *c != '>')),
            c => text.push(c),
        }
    }
    text
}

#[tokio::test]
async fn markdown_quotes_all_text() {
    let fixture = Fixture::start().await;
    let room = post_all_texts(&fixture).await;
    let (text, messages) = export_with_messages(&fixture, room, "markdown").await;
    assert!(
        text.starts_with("# &#61;2+3 &lt;/title&gt;&lt;b&gt;\n\nMessages 1 to 22, exported on ")
    );
    // Each line is a heading, the head of a message, or quoted.
    let mut parts = text.split("\n**");
    let head = parts.next().unwrap();
    assert_eq!(head.lines().filter(|line| line.starts_with("## ")).count(), 1);
    let parts: Vec<_> = parts.collect();
    assert_eq!(parts.len(), messages.len());
    for (part, message) in parts.iter().zip(&messages) {
        let mut lines = part.lines();
        let author = lines.next().unwrap();
        assert!(author.starts_with(&format!("{}** at ", message.user.username)), "{author}");
        assert!(author.contains(&format!(", no. {}", message.seq)));
        assert_eq!(author.ends_with(", *edited*"), message.edited_at.is_some());
        assert_eq!(author.ends_with(", *deleted*"), message.deleted_at.is_some());
        assert_eq!(author.contains("in reply to no. 4"), message.reply_to.is_some());
        let quoted: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        assert!(quoted.iter().all(|line| *line == ">" || line.starts_with("> ")), "{part}");
        let quoted = quoted.iter().map(|line| line.strip_suffix("  ").unwrap_or(line));
        let quoted = quoted.map(|line| unquote(line.strip_prefix("> ").unwrap_or("")));
        let quoted = quoted.collect::<Vec<_>>().join("\n");
        assert_eq!(quoted, message.content.replace('\u{2028}', "\n"));
    }
}

/// The text after the first `from`, up to the next `to`.
fn text_between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap().0
}

/// Removes the tags of HTML and decodes its entities.
fn decode_html(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        let part = part.split_once('>').map_or(part, |(_, text)| text);
        text.push_str(part);
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

#[tokio::test]
async fn html_escapes_all_text() {
    let fixture = Fixture::start().await;
    let room = post_all_texts(&fixture).await;
    let (text, messages) = export_with_messages(&fixture, room, "html").await;
    let (before, script) = text.split_once("<script>").unwrap();
    let (script, after) = script.split_once("</script>").unwrap();
    assert_eq!(after, "\n</body>\n</html>\n");
    assert!(before.contains("<title>=2+3 &lt;/title&gt;&lt;b&gt;</title>"));
    let style = text_between(before, "<style>", "</style>");
    let csp = text_between(before, "Content-Security-Policy\" content=\"", "\"");
    for text in [style, script] {
        assert!(csp.contains(&format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))));
    }
    assert!(csp.starts_with("default-src 'none'; ") && !csp.contains("unsafe"));
    let articles: Vec<_> = before.split("<article ").skip(1).collect();
    assert_eq!(articles.len(), messages.len());
    for (article, message) in articles.iter().zip(&messages) {
        let seq = message.seq;
        assert!(article.starts_with(&format!("id=\"m{seq}\">")), "{article}");
        assert_eq!(article.contains("<a href=\"#m4\">4</a>"), message.reply_to.is_some());
        if message.deleted_at.is_some() {
            assert!(article.contains("<i>deleted</i></p></article>"), "{article}");
            continue;
        }
        let content =
            text_between(article, "<div class=\"plain\" dir=\"auto\">", "</div></article>");
        assert_eq!(decode_html(content), message.content);
        let tags = content.matches('<').count();
        let links =
            content.matches("<a dir=\"ltr\" href=\"http").count() + content.matches("</a>").count();
        assert_eq!(tags, links, "{content}");
    }
}
