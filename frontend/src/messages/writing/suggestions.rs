//! Suggestions at the cursor of a text area: people after an `@`, and emoji after a `:`.

use std::{ops::Range, sync::Arc};

use leptos::{html, prelude::*, task::spawn_local};
use shared::{
    ids::UserId,
    messages::Emoji,
    text::{Format, FormattedText},
    users::UserRef,
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlTextAreaElement, InputEvent, KeyboardEvent};

use super::{
    markup::{Change, mention},
    suggest_members::suggest_members,
    text_field::{listen, replace, selection},
};
use crate::{
    messages::{
        context::RoomContext,
        reactions::{load_emojis, load_skin_tone},
    },
    state::{
        reactions::emoji_search::{find_by_shortcode, in_skin_tone, search_emojis},
        rooms::people::username_label,
    },
    ui::{Avatar, pressed_key},
};

/// The maximum number of emoji that are suggested at once.
const EMOJIS_MAX: usize = 8;
/// The id of the list.
const LIST: &str = "suggestions";

/// The word before the cursor that can be completed, and its range with the sign before it.
#[derive(Clone, PartialEq)]
enum Completion {
    Name(Range<usize>, String),
    Shortcode(Range<usize>, String),
}

impl Completion {
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
struct SuggestionList {
    format: Format,
    completion: RwSignal<Option<Completion>>,
    /// The index of the choice that Enter takes.
    active: RwSignal<usize>,
    /// The sign whose suggestions were dismissed, or whose word was chosen.
    dismissed_at: StoredValue<Option<usize>>,
    /// Empty until the first shortcode is typed.
    emojis: RwSignal<Arc<[Emoji]>>,
    me: UserId,
}

/// The list above the text area. Its keys are handled before those of the text area, and keep the browser
/// from their default.
#[component]
pub fn Suggestions(area: NodeRef<html::Textarea>, format: Format) -> impl IntoView {
    let completion = RwSignal::new(None);
    let state = SuggestionList {
        format,
        completion,
        active: RwSignal::new(0),
        dismissed_at: StoredValue::new(None),
        emojis: RwSignal::new(Arc::new([])),
        me: expect_context::<RoomContext>().me,
    };
    let people = suggest_members(Memo::new(move |_| match completion.get() {
        Some(Completion::Name(_, name)) => Some(name),
        _ => None,
    }));
    let choices = Memo::new(move |_| match completion.get() {
        Some(Completion::Name(..)) => people.get().into_iter().map(Choice::Person).collect(),
        Some(Completion::Shortcode(_, name)) => state.suggest_emojis(&name),
        None => Vec::new(),
    });
    Effect::new(move |_| {
        let Some(area) = area.get() else { return };
        let _ = area.set_attribute("aria-autocomplete", "list");
        listen(&area, "input", move |area, event| {
            // Extensions of browsers send plain events.
            let event = event.dyn_ref::<InputEvent>();
            state.follow(area, event.is_some_and(|it| it.input_type().starts_with("insert")));
        });
        for event in ["keyup", "click"] {
            listen(&area, event, move |area, _| state.follow(area, false));
        }
        listen(&area, "blur", move |_, _| completion.set(None));
        listen(&area, "keydown", move |area, event| {
            state.handle_key(area, event.unchecked_ref(), &choices.get_untracked());
        });
        state.follow(&area, false);
    });
    // The choices become fewer when the server responds.
    Effect::new(move |_| {
        if state.active.get_untracked() >= choices.with(Vec::len) {
            state.active.set(0);
        }
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

impl SuggestionList {
    /// Follows a change of the text or the cursor. Something that was typed can complete a shortcode; a cursor
    /// that moves there must not.
    fn follow(self, area: &HtmlTextAreaElement, is_insertion: bool) {
        let (text, selection) = (area.value(), selection(area));
        let text = FormattedText::new(self.format, &text);
        let completion =
            selection.is_empty().then(|| completion_at(text, selection.start)).flatten();
        if completion.as_ref().map(|completion| completion.range().start)
            != self.dismissed_at.get_value()
        {
            self.dismissed_at.set_value(None);
        }
        let completion = completion.filter(|_| self.dismissed_at.get_value().is_none());
        if self.completion.with_untracked(|before| *before == completion) {
            return;
        }
        if matches!(completion, Some(Completion::Shortcode(..))) {
            self.load_emojis();
        }
        self.active.set(0);
        self.completion.set(completion.clone());
        // The colon at the end of a shortcode chooses its emoji.
        if is_insertion
            && let Some(Completion::Shortcode(_, name)) = completion
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
        Some(in_skin_tone(find_by_shortcode(list, shortcode)?, load_skin_tone(self.me)).to_owned())
    }

    fn suggest_emojis(self, name: &str) -> Vec<Choice> {
        self.emojis.with(|emojis| {
            let (found, tone) = (search_emojis(emojis, name).into_iter(), load_skin_tone(self.me));
            let choice = |emoji: &Emoji| {
                let shortcode = emoji.shortcodes.first().map_or(&*emoji.name, String::as_str);
                let emoji = in_skin_tone(emoji, tone).to_owned();
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
                let at = self
                    .completion
                    .with_untracked(|completion| Some(completion.as_ref()?.range().start));
                self.dismissed_at.set_value(at);
                self.completion.set(None);
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
        // Read again, because the page itself may have changed the text meanwhile.
        let text = area.value();
        let text = FormattedText::new(self.format, &text);
        let Some(completion) = completion_at(text, selection(area).end) else { return };
        let range = completion.range();
        let end = range.start + replacement.len() + 1;
        // The cursor goes behind a blank, which may be there already.
        if !text.content[range.end..].starts_with(' ') {
            replacement.push(' ');
        }
        self.dismissed_at.set_value(Some(range.start));
        replace(area, Change { range, replacement, selection: end..end });
        self.completion.set(None);
    }
}

fn completion_at(text: FormattedText<'_>, cursor: usize) -> Option<Completion> {
    let name =
        text.typed_name(cursor).map(|(at, name)| Completion::Name(at..cursor, name.to_owned()));
    name.or_else(|| {
        let (at, shortcode) = text.typed_shortcode(cursor)?;
        Some(Completion::Shortcode(at..cursor, shortcode.to_owned()))
    })
}

fn row_id(index: usize) -> String {
    format!("suggestion-{index}")
}

#[component]
fn Row(
    index: usize,
    choice: Choice,
    state: SuggestionList,
    area: NodeRef<html::Textarea>,
) -> impl IntoView {
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
