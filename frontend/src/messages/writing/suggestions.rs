//! Suggestions at the cursor of a text area: people after an `@`, and emoji after a `:`.

use std::{ops::Range, sync::Arc};

use leptos::{html, prelude::*, task::spawn_local};
use shared::{
    messages::Emoji,
    rules::name_key,
    text::{Format, FormattedText},
    users::UserRef,
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::{
    markup::Change,
    suggested_people::suggested_people,
    text_field::{listen, replace, selection},
};
use crate::{
    messages::{
        context::RoomContext,
        reactions::{load_emojis, load_skin_tone},
    },
    state::{
        reactions::emoji_search::{by_shortcode, in_skin_tone, search_emojis},
        rooms::people::username_label,
    },
    ui::{Avatar, pressed_key},
};

/// The maximum number of emoji that are suggested at once.
const EMOJIS_MAX: usize = 8;
/// The id of the list.
const LIST: &str = "suggestions";

/// What is being typed, and where it is in the text, with the sign before it.
#[derive(Clone, PartialEq)]
enum Typed {
    Name(Range<usize>, String),
    Shortcode(Range<usize>, String),
}

impl Typed {
    fn range(&self) -> Range<usize> {
        let (Self::Name(range, _) | Self::Shortcode(range, _)) = self;
        range.clone()
    }
}

/// A row of the list.
#[derive(Clone, PartialEq)]
enum Choice {
    Person(UserRef),
    /// An emoji and its shortcode.
    Emoji(String, String),
}

/// The suggestions at the cursor of a text area.
#[derive(Clone, Copy)]
struct State {
    format: Format,
    typed: RwSignal<Option<Typed>>,
    /// The index of the choice that Enter takes.
    active: RwSignal<usize>,
    /// The sign whose suggestions were closed, or whose word was chosen.
    closed: StoredValue<Option<usize>>,
    /// None until the first shortcode is typed.
    emojis: RwSignal<Arc<[Emoji]>>,
    skin_tone: usize,
}

/// The list above the text area. Its keys are handled before those of the text area, and keep the browser
/// from their default.
#[component]
pub fn Suggestions(area: NodeRef<html::Textarea>, format: Format) -> impl IntoView {
    let typed = RwSignal::new(None);
    let state = State {
        format,
        typed,
        active: RwSignal::new(0),
        closed: StoredValue::new(None),
        emojis: RwSignal::new(Arc::new([])),
        skin_tone: load_skin_tone(expect_context::<RoomContext>().me),
    };
    let people = suggested_people(Memo::new(move |_| match typed.get() {
        Some(Typed::Name(_, name)) => Some(name),
        _ => None,
    }));
    let choices = Memo::new(move |_| match typed.get() {
        Some(Typed::Name(..)) => people.get().into_iter().map(Choice::Person).collect(),
        Some(Typed::Shortcode(_, name)) => state.suggested_emojis(&name),
        None => Vec::new(),
    });
    Effect::new(move |_| {
        let Some(area) = area.get() else { return };
        let _ = area.set_attribute("aria-autocomplete", "list");
        for event in ["input", "keyup", "click"] {
            listen(&area, event, move |area, _| state.follow(area));
        }
        listen(&area, "blur", move |_, _| typed.set(None));
        listen(&area, "keydown", move |area, event| {
            state.handle_key(area, event.unchecked_ref(), &choices.get_untracked());
        });
        state.follow(&area);
    });
    let is_shown = Memo::new(move |_| choices.with(|choices| !choices.is_empty()));
    Effect::new(move |_| {
        let Some(area) = area.get() else { return };
        let row = is_shown.get().then(|| row_id(state.active.get()));
        let list = row.as_ref().map(|_| LIST);
        for (name, id) in [("aria-controls", list), ("aria-activedescendant", row.as_deref())] {
            let _ = match id {
                Some(id) => area.set_attribute(name, id),
                None => area.remove_attribute(name),
            };
        }
    });
    let rows = move || {
        let rows = choices.get().into_iter().enumerate();
        rows.map(|(index, choice)| view! { <Row index choice state area/> }).collect_view()
    };
    view! {
        <Show when=move || is_shown.get()>
            <div class="suggestions">
                <ul id=LIST class="choices" role="listbox" aria-label="Suggestions">{rows}</ul>
            </div>
        </Show>
    }
}

impl State {
    /// Follows a change of the text or the cursor.
    fn follow(self, area: &HtmlTextAreaElement) {
        let (text, selection) = (area.value(), selection(area));
        let text = FormattedText::new(self.format, &text);
        let typed = selection.is_empty().then(|| typed_at(text, selection.start)).flatten();
        if typed.as_ref().map(|typed| typed.range().start) != self.closed.get_value() {
            self.closed.set_value(None);
        }
        let typed = typed.filter(|_| self.closed.get_value().is_none());
        if self.typed.with_untracked(|before| *before == typed) {
            return;
        }
        if matches!(typed, Some(Typed::Shortcode(..))) {
            self.load_emojis();
        }
        self.active.set(0);
        self.typed.set(typed.clone());
        // The colon at the end of a shortcode chooses its emoji.
        if let Some(Typed::Shortcode(_, name)) = typed
            && let Some(name) = name.strip_suffix(':')
            && let Some(emoji) = self.emojis.with_untracked(|list| self.emoji_of(list, name))
        {
            self.complete(area, emoji);
        }
    }

    /// Requests the emoji. Without them, a shortcode stays a text.
    fn load_emojis(self) {
        if self.emojis.with_untracked(|emojis| emojis.is_empty()) {
            spawn_local(async move {
                if let Ok(emojis) = load_emojis().await {
                    self.emojis.try_set(emojis);
                }
            });
        }
    }

    fn emoji_of(self, list: &[Emoji], shortcode: &str) -> Option<String> {
        Some(in_skin_tone(by_shortcode(list, shortcode)?, self.skin_tone).to_owned())
    }

    fn suggested_emojis(self, name: &str) -> Vec<Choice> {
        self.emojis.with(|emojis| {
            let found = search_emojis(emojis, &name.replace('_', " ")).into_iter();
            let choice = |emoji: &Emoji| {
                let shortcode = emoji.shortcodes.first().map_or(&*emoji.name, String::as_str);
                let emoji = in_skin_tone(emoji, self.skin_tone).to_owned();
                Choice::Emoji(emoji, format!(":{shortcode}:"))
            };
            found.take(EMOJIS_MAX).map(choice).collect()
        })
    }

    fn handle_key(self, area: &HtmlTextAreaElement, event: &KeyboardEvent, choices: &[Choice]) {
        let count = choices.len();
        let has_modifier =
            event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key();
        if count == 0 || has_modifier || event.is_composing() {
            return;
        }
        match &*pressed_key(event) {
            "ArrowDown" => self.active.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => self.active.update(|at| *at = (*at + count - 1) % count),
            "Enter" | "Tab" => {
                if let Some(choice) = choices.get(self.active.get_untracked()) {
                    self.choose(area, choice);
                }
            }
            "Escape" => {
                let at = self.typed.with_untracked(|typed| Some(typed.as_ref()?.range().start));
                self.closed.set_value(at);
                self.typed.set(None);
            }
            _ => return,
        }
        event.prevent_default();
    }

    fn choose(self, area: &HtmlTextAreaElement, choice: &Choice) {
        match choice {
            Choice::Person(user) => self.complete(area, mention(self.format, &user.username)),
            Choice::Emoji(emoji, _) => self.complete(area, emoji.clone()),
        }
    }

    /// Replaces what is being typed.
    fn complete(self, area: &HtmlTextAreaElement, mut replacement: String) {
        let typed = self.typed.get_untracked();
        let Some(range) = typed.map(|typed| typed.range()) else { return };
        let end = range.start + replacement.len() + 1;
        // The cursor goes behind a blank, which may be there already.
        if !area.value()[range.end..].starts_with(' ') {
            replacement.push(' ');
        }
        self.closed.set_value(Some(range.start));
        replace(area, Change { range, replacement, selection: end..end });
        self.typed.set(None);
    }
}

fn typed_at(text: FormattedText<'_>, cursor: usize) -> Option<Typed> {
    let name = text.typed_name(cursor).map(|(at, name)| Typed::Name(at..cursor, name.to_owned()));
    name.or_else(|| {
        let (at, shortcode) = text.typed_shortcode(cursor)?;
        Some(Typed::Shortcode(at..cursor, shortcode.to_owned()))
    })
}

/// The source of a mention. Only a name that would be markup is escaped: `@ann_lee` needs nothing, `@*ann*`
/// does.
fn mention(format: Format, username: &str) -> String {
    let plain = format!("@{username}");
    if FormattedText::new(format, &plain).mention_keys().contains(&name_key(username)) {
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

fn row_id(index: usize) -> String {
    format!("suggestion-{index}")
}

#[component]
fn Row(index: usize, choice: Choice, state: State, area: NodeRef<html::Textarea>) -> impl IntoView {
    let (face, text, label) = match &choice {
        Choice::Person(user) => {
            let name = user.name().to_owned();
            let face = view! { <Avatar name=name.clone() small=true/> }.into_any();
            (face, name, username_label(user))
        }
        Choice::Emoji(emoji, shortcode) => {
            let face = view! { <span class="emoji">{emoji.clone()}</span> }.into_any();
            (face, shortcode.clone(), None)
        }
    };
    let row = NodeRef::<html::Li>::new();
    let is_active = move || state.active.get() == index;
    Effect::new(move |_| {
        if let Some(row) = row.get().filter(|_| is_active()) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let choose = move |_| {
        if let Some(area) = area.get_untracked() {
            state.choose(&area, &choice);
        }
    };
    view! {
        <li
            id=row_id(index)
            node_ref=row
            class="choice"
            role="option"
            aria-selected=move || is_active().to_string()
            // The text area keeps the focus.
            on:mousedown=move |event| event.prevent_default()
            on:click=choose
        >
            <span class="choice-face">{face}</span>
            <span class="choice-text" dir="auto">{text}</span>
            <span class="quiet" dir="auto">{label}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
