//! Suggestions of people while a name is typed after an `@` in a text area.

use std::ops::Range;

use leptos::{html, prelude::*};
use shared::{
    rooms::MemberList,
    rules::name_key,
    text::{Format, FormattedText},
    users::UserRef,
};
use wasm_bindgen::JsCast;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::{
    markup::Change,
    text_field::{listen, replace, selection},
};
use crate::{
    api,
    live::LiveClient,
    messages::context::RoomContext,
    state::rooms::people::{suggest_people, username_label},
    ui::{Avatar, debounce, pressed_key},
};

/// The number of the newest loaded messages whose authors come first.
const RECENT: usize = 500;
/// The id of the list.
const LIST: &str = "suggestions";

/// The suggestions at the cursor of a text area.
#[derive(Clone, Copy)]
struct State {
    format: Format,
    /// The name that is being typed, and where it is in the text, with its `@`.
    typed: RwSignal<Option<(Range<usize>, String)>>,
    /// The index of the person that Enter takes.
    active: RwSignal<usize>,
    /// The `@` whose suggestions were closed, or whose name was chosen.
    closed: StoredValue<Option<usize>>,
}

/// The list above the text area. Its keys are handled before those of the text area, and keep the browser
/// from their default.
#[component]
pub fn Suggestions(area: NodeRef<html::Textarea>, format: Format) -> impl IntoView {
    let typed = RwSignal::new(None);
    let state = State { format, typed, active: RwSignal::new(0), closed: StoredValue::new(None) };
    let people = suggested_people(typed);
    Effect::new(move |_| {
        let Some(area) = area.get() else { return };
        let _ = area.set_attribute("aria-autocomplete", "list");
        for event in ["input", "keyup", "click"] {
            listen(&area, event, move |area, _| state.follow(area));
        }
        listen(&area, "blur", move |_, _| typed.set(None));
        listen(&area, "keydown", move |area, event| {
            state.handle_key(area, event.unchecked_ref(), &people.get_untracked());
        });
        state.follow(&area);
    });
    let is_shown = Memo::new(move |_| people.with(|people| !people.is_empty()));
    Effect::new(move |_| {
        let Some(area) = area.get() else { return };
        let row = is_shown.get().then(|| row_id(state.active.get()));
        for (name, id) in [
            ("aria-controls", row.is_some().then_some(LIST)),
            ("aria-activedescendant", row.as_deref()),
        ] {
            let _ = match id {
                Some(id) => area.set_attribute(name, id),
                None => area.remove_attribute(name),
            };
        }
    });
    let rows = move || {
        let rows = people.get().into_iter().enumerate();
        rows.map(|(index, user)| view! { <Row index user state area/> }).collect_view()
    };
    view! {
        <Show when=move || is_shown.get()>
            <div class="suggestions">
                <ul id=LIST class="choices" role="listbox" aria-label="People to mention">
                    {rows}
                </ul>
            </div>
        </Show>
    }
}

/// Those who wrote lately come first, at once, and then the other members, whom the server finds. Once it
/// has, authors who left are gone.
fn suggested_people(typed: RwSignal<Option<(Range<usize>, String)>>) -> Memo<Vec<UserRef>> {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let name = RwSignal::new(String::new());
    Effect::new(move |_| {
        if let Some((_, typed)) = typed.get() {
            name.set(typed.trim().to_owned());
        }
    });
    let debounced = debounce(name);
    let found = LocalResource::new(move || {
        let name = debounced.get();
        async move { (name.clone(), api::find_members(room.id, &name).await.ok()) }
    });
    Memo::new(move |_| {
        let Some((_, typed)) = typed.get() else { return Vec::new() };
        let found = found.get().filter(|(of, _)| of == typed.trim()).and_then(|(_, found)| found);
        room.with_timeline(|timeline| {
            let recent = timeline.newest_first().take(RECENT).map(|message| &message.user);
            let recent = recent.filter(|user| may_be_member(user, &found));
            let members = timeline.members().map(|member| &member.user);
            let found = found.iter().flat_map(|list| &list.members);
            let others = members.chain(found.map(|listing| &listing.member.user));
            let people = recent.chain(others).filter(|user| user.id != live.my_id());
            suggest_people(&typed, people)
        })
    })
}

/// Whether somebody who wrote in the room may still be in it, as far as it is known.
fn may_be_member(user: &UserRef, found: &Option<MemberList>) -> bool {
    found.as_ref().is_none_or(|list| {
        list.next.is_some() || list.members.iter().any(|found| found.member.user.id == user.id)
    })
}

impl State {
    /// Follows a change of the text or the cursor.
    fn follow(self, area: &HtmlTextAreaElement) {
        let (text, selection) = (area.value(), selection(area));
        let text = FormattedText::new(self.format, &text);
        let typed = selection.is_empty().then(|| text.typed_name(selection.start)).flatten();
        if typed.map(|(at, _)| at) != self.closed.get_value() {
            self.closed.set_value(None);
        }
        let typed = typed.filter(|_| self.closed.get_value().is_none());
        let typed = typed.map(|(at, name)| (at..selection.start, name.to_owned()));
        if self.typed.with_untracked(|before| *before != typed) {
            self.active.set(0);
            self.typed.set(typed);
        }
    }

    fn handle_key(self, area: &HtmlTextAreaElement, event: &KeyboardEvent, people: &[UserRef]) {
        let count = people.len();
        let has_modifier =
            event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key();
        if count == 0 || has_modifier || event.is_composing() {
            return;
        }
        match &*pressed_key(event) {
            "ArrowDown" => self.active.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => self.active.update(|at| *at = (*at + count - 1) % count),
            "Enter" | "Tab" => {
                if let Some(user) = people.get(self.active.get_untracked()) {
                    self.choose(area, &user.username);
                }
            }
            "Escape" => {
                let at = self.typed.with_untracked(|typed| Some(typed.as_ref()?.0.start));
                self.closed.set_value(at);
                self.typed.set(None);
            }
            _ => return,
        }
        event.prevent_default();
    }

    /// Completes the name.
    fn choose(self, area: &HtmlTextAreaElement, username: &str) {
        let Some((range, _)) = self.typed.get_untracked() else { return };
        let mut replacement = mention(self.format, username);
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
fn Row(index: usize, user: UserRef, state: State, area: NodeRef<html::Textarea>) -> impl IntoView {
    let (name, label) = (user.name().to_owned(), username_label(&user));
    let username = user.username;
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
            state.choose(&area, &username);
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
            <span class="choice-face"><Avatar name=name.clone() small=true/></span>
            <span class="choice-text" dir="auto">{name}</span>
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
