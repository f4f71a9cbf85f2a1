//! Changes of a text that write its Markdown. Positions are byte offsets.

use std::ops::Range;

use shared::{
    rules::name_key,
    text::{Format, FormattedText, links},
};

/// Replaces a range of a text, and then selects a range of the result.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub range: Range<usize>,
    pub replacement: String,
    pub selection: Range<usize>,
}

/// A pair of delimiters around a text.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    Bold,
    Italic,
    Code,
}

impl Mark {
    /// The character of the mark, and how often it stands on each side.
    fn delimiter(self) -> (char, usize) {
        match self {
            Self::Bold => ('*', 2),
            Self::Italic => ('*', 1),
            Self::Code => ('`', 1),
        }
    }

    /// Whether so many of the characters on each side contain the mark: three stars are bold and italic.
    fn is_in(self, count: usize) -> bool {
        match self {
            Self::Bold => count >= 2,
            Self::Italic | Self::Code => count % 2 == 1,
        }
    }
}

/// Adds a mark to the selection, or takes it away. Lines of code become a block.
pub fn toggle(text: &str, selection: Range<usize>, mark: Mark) -> Change {
    let selection = trim(text, selection);
    let selected = &text[selection.clone()];
    if matches!(mark, Mark::Code) && selected.contains('\n') {
        return fence(text, selection);
    }
    let (delimiter, length) = mark.delimiter();
    let (before, after) = (&text[..selection.start], &text[selection.end..]);
    let count_end = |text: &str| text.len() - text.trim_end_matches(delimiter).len();
    let count_start = |text: &str| text.len() - text.trim_start_matches(delimiter).len();
    if mark.is_in(count_end(before).min(count_start(after))) {
        let start = selection.start - length;
        return Change {
            range: start..selection.end + length,
            replacement: selected.to_owned(),
            selection: start..start + selected.len(),
        };
    }
    let inside = count_start(selected).min(count_end(selected));
    if selected.len() > 2 * inside && mark.is_in(inside) {
        let replacement = selected[length..selected.len() - length].to_owned();
        let end = selection.start + replacement.len();
        return Change { selection: selection.start..end, range: selection, replacement };
    }
    let marks = delimiter.to_string().repeat(length);
    let start = selection.start + length;
    Change {
        replacement: format!("{marks}{selected}{marks}"),
        selection: start..start + selected.len(),
        range: selection,
    }
}

/// Makes whole lines of the selection, between the fences of a block of code.
fn fence(text: &str, selection: Range<usize>) -> Change {
    let start = line_start(text, selection.start);
    let end = text[selection.end..].find('\n').map_or(text.len(), |at| selection.end + at);
    let code = &text[start..end];
    // A fence is longer than every run of backticks in the code.
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    let selected = start + fence.len() + 1;
    Change {
        range: start..end,
        replacement: format!("{fence}\n{code}\n{fence}"),
        selection: selected..selected + code.len(),
    }
}

/// Makes a link of the selection, and selects the place for its address.
pub fn link(text: &str, selection: Range<usize>) -> Change {
    let selection = trim(text, selection);
    let selected = &text[selection.clone()];
    let address = selection.start + selected.len() + "[](".len();
    Change { replacement: format!("[{selected}]()"), selection: address..address, range: selection }
}

/// Makes a link of the selection if the pasted text is an address, and the selection is none.
pub fn paste_link(text: &str, selection: Range<usize>, pasted: &str) -> Option<Change> {
    let (selection, address) = (trim(text, selection), pasted.trim());
    let selected = &text[selection.clone()];
    let is_link = |text: &str| links(text).next() == Some(text);
    let fits = !selected.is_empty() && !selected.contains(['[', ']', '\n']) && !is_link(selected);
    if !fits || !is_link(address) {
        return None;
    }
    let address = address.replace('(', "%28").replace(')', "%29");
    let replacement = format!("[{selected}]({address})");
    let end = selection.start + replacement.len();
    Some(Change { range: selection, replacement, selection: end..end })
}

/// The source of a mention. In Markdown, a name that would be markup is escaped: `@ann_lee` needs nothing, `@*ann*`
/// does.
pub fn mention(format: Format, username: &str) -> String {
    let plain = format!("@{username}");
    let mentions = |source: &str| FormattedText::new(format, source).mention_keys();
    if format == Format::Text || mentions(&plain).contains(&name_key(username)) {
        return plain;
    }
    let mut escaped = String::from("@");
    for c in username.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Begins the next item of a list or the next line of a quote at a line break; ends it after an empty one.
/// `None` outside of these.
pub fn break_line(text: &str, cursor: usize) -> Option<Change> {
    let start = line_start(text, cursor);
    let fences = text[..start].lines().filter(|line| line.trim_start().starts_with("```")).count();
    let line = &text[start..cursor];
    let (prefix, next) = item_prefix(line)?;
    if fences % 2 == 1 {
        return None;
    }
    let line_end = text[cursor..].find('\n').map_or(text.len(), |at| cursor + at);
    if text[start + prefix..line_end].trim().is_empty() {
        let (range, replacement) = (start..cursor, String::new());
        return Some(Change { range, replacement, selection: start..start });
    }
    let replacement = format!("\n{next}");
    let end = cursor + replacement.len();
    Some(Change { range: cursor..cursor, replacement, selection: end..end })
}

/// The length of the marks at the begin of a line, and those of the line after it.
fn item_prefix(line: &str) -> Option<(usize, String)> {
    let mut rest = line.trim_start_matches(' ');
    let mut next = " ".repeat(line.len() - rest.len());
    let mut is_item = false;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        if digits == 0 && rest.starts_with(['>', '-', '*', '+']) && rest[1..].starts_with(' ') {
            next.push_str(&rest[..2]);
            rest = &rest[2..];
        } else if let (Ok(number @ ..999_999_999), true) =
            (number.parse::<u32>(), after.starts_with(". ") || after.starts_with(") "))
        {
            next.push_str(&format!("{}{}", number + 1, &after[..2]));
            rest = &after[2..];
        } else {
            return is_item.then(|| (line.len() - rest.len(), next));
        }
        is_item = true;
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The selection without the blanks at its ends, within which marks would have no effect.
fn trim(text: &str, selection: Range<usize>) -> Range<usize> {
    let selected = &text[selection.clone()];
    let start = selection.start + selected.len() - selected.trim_start().len();
    start..start + selected.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after a change, with the selection in `‹›`.
    fn apply(marked: &str, change: impl FnOnce(&str, Range<usize>) -> Option<Change>) -> String {
        let start = marked.find('‹').unwrap();
        let end = marked.find('›').unwrap() - '‹'.len_utf8();
        let mut text = marked.replace(['‹', '›'], "");
        let Some(change) = change(&text, start..end) else { return "none".into() };
        text.replace_range(change.range, &change.replacement);
        text.insert(change.selection.end, '›');
        text.insert(change.selection.start, '‹');
        text
    }

    #[test]
    fn marks_are_added_and_taken_away() {
        for (mark, plain, marked) in [
            (Mark::Bold, "a ‹b› c", "a **‹b›** c"),
            (Mark::Italic, "a ‹b› c", "a *‹b›* c"),
            (Mark::Code, "a ‹b› c", "a `‹b›` c"),
            (Mark::Bold, "‹›", "**‹›**"),
            (Mark::Italic, "**‹ж›**", "***‹ж›***"),
            (Mark::Bold, "*‹b›*", "***‹b›***"),
        ] {
            let toggle = |text: &str| apply(text, |text, range| Some(toggle(text, range, mark)));
            assert_eq!(toggle(plain), marked);
            assert_eq!(toggle(marked), plain);
        }
        let bold = |text: &str| apply(text, |text, range| Some(toggle(text, range, Mark::Bold)));
        assert_eq!(bold("‹**b**›"), "‹b›");
        assert_eq!(bold("‹****›"), "**‹****›**");
        assert_eq!(bold("a‹ b ›c"), "a **‹b›** c");
    }

    #[test]
    fn lines_of_code_become_a_block() {
        let code = |text: &str| apply(text, |text, range| Some(toggle(text, range, Mark::Code)));
        assert_eq!(code("see\n‹a\nb›c\nend"), "see\n```\n‹a\nbc›\n```\nend");
        assert_eq!(code("‹a\n```›"), "````\n‹a\n```›\n````");
    }

    #[test]
    fn an_address_that_is_pasted_on_a_text_makes_a_link() {
        let paste = |text, pasted: &str| apply(text, |text, at| paste_link(text, at, pasted));
        assert_eq!(paste("a ‹b› c", "https://x.test/a(b)"), "a [b](https://x.test/a%28b%29)‹› c");
        assert_eq!(paste("‹b›", " https://x.test\n"), "[b](https://x.test)‹›");
        for (text, pasted) in [
            ("‹›", "https://x.test"),
            ("‹b›", "see https://x.test"),
            ("‹b›", "javascript:alert(1)"),
            ("‹https://y.test›", "https://x.test"),
            ("‹[b]›", "https://x.test"),
            ("‹a\nb›", "https://x.test"),
        ] {
            assert_eq!(paste(text, pasted), "none", "{text} {pasted}");
        }
        assert_eq!(apply("a ‹b› c", |text, at| Some(link(text, at))), "a [b](‹›) c");
    }

    #[test]
    fn lists_and_quotes_go_on() {
        let lines = |text: &str| apply(text, |text, at| break_line(text, at.start));
        for (before, after) in [
            ("- a‹›", "- a\n- ‹›"),
            ("  * a‹›b", "  * a\n  * ‹›b"),
            ("9. a‹›", "9. a\n10. ‹›"),
            ("1) a‹›", "1) a\n2) ‹›"),
            ("> a‹›", "> a\n> ‹›"),
            ("> - a‹›", "> - a\n> - ‹›"),
            ("- a\n- ‹›", "- a\n‹›"),
            ("a‹›", "none"),
            ("-a‹›", "none"),
            ("2026 a‹›", "none"),
            ("999999999. a‹›", "none"),
            ("```\n- a‹›", "none"),
            ("```\n```\n- a‹›", "```\n```\n- a\n- ‹›"),
        ] {
            assert_eq!(lines(before), after, "{before}");
        }
    }

    #[test]
    fn a_mention_is_escaped_if_its_name_would_be_markup() {
        for (name, expected) in [
            ("ann", "@ann"),
            ("ann lee", "@ann lee"),
            ("ann_lee", "@ann_lee"),
            ("*ann*", "@\\*ann\\*"),
            ("a`b`", "@a\\`b\\`"),
        ] {
            let mention = mention(Format::Markdown, name);
            assert_eq!(mention, expected);
            let text = FormattedText::new(Format::Markdown, &mention);
            assert_eq!(text.mentions(|key| key == name_key(name)), [name_key(name)]);
        }
        assert_eq!(mention(Format::Text, "*ann*"), "@*ann*");
    }
}
