//! The document that the index contains for a message.

use shared::search::tokenizer::index_columns;

use super::facet::Facet;
use crate::tables::entities::messages;

/// The version of the documents. Raise it whenever a document changes for any message: the next
/// start then begins to rebuild the index.
pub(super) const VERSION: i64 = 4;

/// The indexed columns of a message.
pub(super) struct Document {
    pub(super) id: i64,
    /// The words, in the order of the text.
    pub(super) words: String,
    /// The subwords and the facets, in any order.
    pub(super) parts: String,
    /// The folded text, for substrings.
    pub(super) folded: String,
}

impl Document {
    pub(super) fn new(row: &messages::Model) -> Self {
        let columns = index_columns(&row.content);
        let mut parts = columns.subwords;
        for facet in Facet::of(row) {
            if !parts.is_empty() {
                parts.push(' ');
            }
            parts.push_str(&facet.token());
        }
        Self { id: row.id, words: columns.words, parts, folded: columns.folded }
    }

    /// The literal of a tsvector. Words have positions; parts have weight A, which keeps phrases
    /// from matching them. The parts are at position 1 and the words start at 2, because PostgreSQL
    /// keeps only the greater weight of a token that is twice at the same position.
    pub(super) fn tsvector(&self) -> String {
        let words = self.words.split(' ').filter(|word| !word.is_empty()).enumerate();
        let words = words.map(|(nth, word)| format!("{word}:{}", nth + 2));
        let parts = self.parts.split(' ').map(|part| format!("{part}:1A"));
        words.chain(parts).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};
    use shared::text::Format;

    use super::*;
    use crate::tables::Stored;

    fn row(format: Format, content: &str, edited: bool) -> messages::Model {
        messages::Model {
            id: 7,
            room_id: 3,
            seq: 1,
            rev: 1,
            user_id: 5,
            client_id: uuid::Uuid::nil(),
            format: Stored(format),
            content: content.into(),
            sent_hash: None,
            reply_to: edited.then_some(1),
            created_at: 1_772_000_000_000_000,
            edited_at: edited.then_some(1),
            deleted_at: None,
            reactions: None,
        }
    }

    #[test]
    fn document_has_words_subwords_and_facets() {
        let document = Document::new(&row(Format::Text, "getName of `a` at http://b.test", true));
        assert_eq!(document.words, "zqgetname zqof zqa zqat zqhttp zqb zqtest");
        let facets = "zxr3 zxu5 zxd20260225 zxm202602 zxlink zxcode zxreply zxedit";
        assert_eq!(document.parts, format!("zqget zqname {facets}"));
        assert!(document.tsvector().starts_with("zqgetname:2 zqof:3 "));
        assert!(document.tsvector().contains(" zqtest:8 zqget:1A zqname:1A zxr3:1A "));
    }

    /// SQLite removes a document by its tokens, so an existing index is only valid while the same
    /// message yields the same document.
    #[test]
    fn documents_change_only_with_their_version() {
        let mut hash = Sha256::new();
        for text in [
            "see PLT-3699, db.json and 10.4.1.74 at https://example.org/a_b?c=d#e",
            "die Fräse, Straße, ŁÓDŹ, ΟΔΟΣ, ёжик, Ⅷ ﬁ ½ ㌔ ｱｶﾞ",
            "大病院です 機能し 학교에서 สวัสดี",
            "getUserName HTTPServer2 C++ c# `code` ```\nfence\n```",
            "שָׁלוֹם مُحَمَّدٌ 👍🏽 🇩🇪 👩‍💻 zz",
            "мой їжак, क़लम, ↩️ 10 € №5 Hallway™ 20℃ a≤b",
            "`https://example.org` [a](https:\\//b.test) ~~~",
            &"long".repeat(100),
        ] {
            for (format, edited) in Format::ALL.into_iter().flat_map(|it| [(it, false), (it, true)])
            {
                let row = row(format, text, edited);
                let Document { words, parts, folded, .. } = Document::new(&row);
                hash.update(format!("{words}\n{parts}\n{folded}\n"));
            }
        }
        let found = format!("{:x}", hash.finalize());
        assert_eq!((VERSION, &found[..16]), (4, "04b0e0a5b3a4e81f"), "raise VERSION");
    }
}
