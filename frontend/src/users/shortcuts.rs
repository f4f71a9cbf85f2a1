//! The dialog that lists the keyboard shortcuts.

use leptos::prelude::*;

use crate::ui::{Dialog, Lazy, part};

/// The keys and what they do, by where they work. A blank is between keys that are pressed together or
/// one after the other.
const SHORTCUTS: [(&str, &[(&str, &str)]); 5] = [
    (
        "Everywhere",
        &[
            ("Ctrl K", "Jump to a room, a person, a message or a day"),
            ("Alt ↑", "Previous room"),
            ("Alt ↓", "Next room"),
            ("Alt Shift ↑ ↓", "Move a favourite, when its link has the focus"),
            ("Shift Esc", "Mark all rooms as read"),
            ("?", "Show this list"),
        ],
    ),
    (
        "In a room",
        &[
            ("g g", "Jump to the oldest message"),
            ("G", "Jump to the newest message"),
            ("g d", "Jump to a day"),
            ("Alt ←", "Go back to where you were before a jump"),
            ("↑ ↓", "Move from message to message, when the messages have the focus"),
            ("+", "Add a reaction to the message that has the focus"),
            ("u", "Mark as unread from the message that has the focus"),
            ("Esc", "Mark the room as read"),
            ("/", "Search in the room (Ctrl Shift F works while you type)"),
        ],
    ),
    (
        "While you write",
        &[
            ("Enter", "Send"),
            ("Shift Enter", "Start a new line"),
            ("@", "Suggest people to mention (↑ ↓, then Enter or Tab)"),
            (":tada:", "An emoji; suggested from the second letter on"),
            ("↑", "Edit your last message, when there is no text"),
            ("Esc", "Cancel the reply, or finish the edit later"),
        ],
    ),
    (
        "Markdown in a message",
        &[
            ("**text**", "Bold (Ctrl B)"),
            ("*text*", "Italic (Ctrl I)"),
            ("~~text~~", "Struck through"),
            ("`text`", "Code (Ctrl E; ``` on lines of their own around several lines)"),
            ("[text](address)", "Link (Ctrl K, or paste an address, when text is selected)"),
            ("- text", "List"),
            ("> text", "Quote"),
            ("||text||", "Spoiler, hidden until a reader asks for it"),
        ],
    ),
    (
        "In a search",
        &[
            ("j k", "Next and previous hit"),
            ("n", "Next hit in the room, an older one"),
            ("N", "Previous hit in the room, a newer one"),
        ],
    ),
];

#[component]
pub fn ShortcutsDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Keyboard shortcuts" wide=true>
            <Lazy load=shortcut_list props=()/>
        </Dialog>
    }
}

part!(more: fn shortcut_list((): ()) { view! { <ShortcutList/> } });

#[component]
fn ShortcutList() -> impl IntoView {
    let is_apple = window().navigator().platform().is_ok_and(|name| name.starts_with("Mac"));
    let name_keys = move |text: &str| match is_apple {
        true => text.replace("Ctrl", "⌘").replace("Alt", "⌥"),
        false => text.to_owned(),
    };
    let row = move |(keys, effect): &(&str, &str)| {
        let (keys, effect) = (name_keys(keys), name_keys(effect));
        view! {
            <li class="list-row">
                <span class="list-row-text">{effect}</span>
                <kbd>{keys}</kbd>
            </li>
        }
    };
    let section = |(place, shortcuts): (&'static str, &'static [(&str, &'static str)])| {
        view! {
            <h3>{place}</h3>
            <ul class="plain-list">{shortcuts.iter().map(row).collect_view()}</ul>
        }
    };
    view! {
        <div data-testid="shortcuts">{SHORTCUTS.map(section)}</div>
        <p class="quiet">
            "Shortcuts of a single letter work while you aren't typing. Type / in a message to see its commands."
        </p>
    }
}
