//! Components and helpers that any app could use: dialogs, icons, toasts, themes, lazy loading.

use std::{cmp::Ordering, time::Duration};

use js_sys::{Array, Function, Intl::Collator, Object, Reflect, futures::JsFuture};
use leptos::{
    ev::{KeyboardEvent, keydown},
    leptos_dom::helpers::TimeoutHandle,
    prelude::*,
    task::spawn_local,
};
use shared::unicode::isolate;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

use crate::state::{announcement::make_distinct, keys};

mod avatar;
mod dialog;
mod field;
mod icon;
mod lazy;
mod menu;
pub mod panic;
mod rows;
mod theme;
pub mod time;
mod toast;

pub use avatar::Avatar;
pub use dialog::{Confirm, Dialog, open_while_some};
pub use field::Field;
pub use icon::{Icon, Logo, Shape};
pub(crate) use lazy::part;
pub use lazy::{Lazy, Loaded, retry_when_connected};
pub use menu::Menu;
pub use rows::keyed_rows;
pub use theme::{Theme, ThemeSwitch};
pub use toast::Toasts;

/// State that components of any page share: toasts and the theme.
#[derive(Clone, Copy)]
pub struct Ui {
    toasts: RwSignal<Vec<toast::Toast>>,
    pub theme: RwSignal<Theme>,
    /// The name of the server, as titles show it.
    pub app_name: RwSignal<String>,
    /// Counts the connections to the server. A change makes the components repeat their failed
    /// requests.
    pub connection_epoch: RwSignal<u32>,
}

impl Ui {
    pub fn new() -> Self {
        Self {
            toasts: RwSignal::default(),
            theme: RwSignal::new(Theme::load()),
            app_name: RwSignal::new("Hallway".into()),
            connection_epoch: RwSignal::new(0),
        }
    }

    /// Shows a toast about something that worked.
    pub fn notice(self, text: impl Into<String>) {
        toast::show(self.toasts, text.into(), false);
    }

    /// Shows a toast about something that failed.
    pub fn error(self, text: impl Into<String>) {
        toast::show(self.toasts, text.into(), true);
    }

    /// Removes the toasts about what failed, because the connection is back.
    pub fn dismiss_errors(self) {
        self.toasts.update(|all| all.retain(|toast| !toast.is_error()));
    }

    /// Copies a text to the clipboard, and says `copied`, or why not. The browser refuses without
    /// https, without a permission, or in a tab without the focus.
    pub fn copy(self, text: String, copied: &'static str) {
        spawn_local(async move {
            let is_copied = match window().is_secure_context() {
                true => {
                    JsFuture::from(window().navigator().clipboard().write_text(&text)).await.is_ok()
                }
                // Without https there is no clipboard at all.
                false => false,
            };
            match is_copied {
                true => self.notice(copied),
                false => {
                    let text = isolate(&text);
                    self.error(format!(
                        "Your browser didn't allow copying. Copy this yourself: {text}"
                    ))
                }
            }
        });
    }
}

/// Returns the address of a page for an ordinary link. The router's own `A` leaves out the base path.
pub fn href(path: &str) -> String {
    format!("{}{path}", shared::paths::UI)
}

/// Writes a fraction of 1 as a CSS length. In whole numbers, because formatting floats would add
/// several KiB to the page.
pub fn percent(fraction: f64) -> String {
    format!("calc({}% / 1000)", (fraction * 100_000.0) as i64)
}

/// Reads a parameter of a query string. The router's own map decodes each value twice and loses a
/// `%` that somebody typed.
pub fn query_param(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.trim_start_matches('?').split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let value = value.replace('+', " ");
    // An address typed by hand may not be encoded.
    Some(js_sys::decode_uri_component(&value).map_or(value, String::from))
}

thread_local! {
    /// Creating a collator takes far longer than using it.
    static COLLATOR: Function = {
        let options = Object::new();
        let _ = Reflect::set(&options, &"numeric".into(), &true.into());
        Collator::new(&Array::of1(&time::language().into()), &options).compare()
    };
}

/// Compares names as the reader's language orders them, and numbers in names by value: "room 2" is
/// before "room 10".
pub fn compare_names(a: &str, b: &str) -> Ordering {
    let order = COLLATOR.with(|compare| compare.call2(&JsValue::NULL, &a.into(), &b.into()));
    let order = order.ok().and_then(|order| order.as_f64()).unwrap_or(0.0);
    // Names that the language does not distinguish need an order too.
    order.partial_cmp(&0.0).unwrap_or(Ordering::Equal).then_with(|| a.cmp(b))
}

/// The key of an event; empty while an input method composes a word, because its keys (Enter,
/// Escape, arrows) belong to the input method. Handlers of keys in text fields and dialogs use this.
pub fn pressed_key(event: &KeyboardEvent) -> String {
    if is_composing(event) { String::new() } else { event.key() }
}

/// The key of a shortcut, on any layout of the keyboard. Handlers of keys on the page use this.
pub fn shortcut_key(event: &KeyboardEvent) -> String {
    keys::shortcut_key(&event.key(), &event.code(), event.shift_key())
}

/// Whether a key belongs to an input method that is composing a word. Safari reports that only by
/// key code 229.
fn is_composing(event: &KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
}

/// Whether the device has a touch screen and no mouse. Its keyboard has no Shift for Enter, and covers
/// half of the page.
pub fn is_touch_device() -> bool {
    let query = window().match_media("(hover: none) and (pointer: coarse)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Calls a function for each key pressed anywhere on the page while the component exists, except for
/// the keys of an input method.
pub fn on_page_keydown(handle: impl Fn(&KeyboardEvent) + 'static) {
    let listener = window_event_listener(keydown, move |event| {
        if !is_composing(&event) {
            handle(&event);
        }
    });
    on_cleanup(move || listener.remove());
}

/// Follows a text after some time without a change, because each value is sent to the server.
pub fn debounce(text: RwSignal<String>) -> ReadSignal<String> {
    const AFTER: Duration = Duration::from_millis(200);
    let (debounced, set_debounced) = signal(String::new());
    Effect::new(move |timer: Option<Option<TimeoutHandle>>| {
        if let Some(Some(timer)) = timer {
            timer.clear();
        }
        let text = text.get();
        set_timeout_with_handle(move || drop(set_debounced.try_set(text)), AFTER).ok()
    });
    debounced
}

/// The text of a live region that announces each value of `text`, also one equal to the value before.
pub fn announce_each(text: Signal<Option<String>>) -> Memo<Option<String>> {
    Memo::new(move |before: Option<&Option<String>>| {
        let before = before.and_then(Option::as_deref).unwrap_or_default();
        text.get().map(|text| make_distinct(text, before))
    })
}

/// Returns whether a text field has the focus: then keys without modifiers are text, not shortcuts.
pub fn is_text_field_focused() -> bool {
    let active = document().active_element();
    active.is_some_and(|active| matches!(&*active.tag_name(), "INPUT" | "TEXTAREA"))
}

/// Returns whether a key without modifiers may be a shortcut: no text field has the focus, and no
/// dialog is open.
pub fn is_shortcut(event: &KeyboardEvent) -> bool {
    let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
    !has_modifier && !is_text_field_focused() && !is_dialog_open()
}

pub fn is_dialog_open() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}

/// Moves the focus within a list. `next` gets the index of the focused item and the number of items,
/// and returns the index of the item to focus.
pub fn move_focus(
    list: &Element,
    selector: &str,
    next: impl FnOnce(Option<i32>, i32) -> i32,
) -> Option<()> {
    let found = list.query_selector_all(selector).ok()?;
    let items: Vec<HtmlElement> =
        (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect();
    let active = document().active_element();
    let at = items.iter().position(|item| item.contains(active.as_deref()));
    let next = next(at.map(|at| at as i32), items.len() as i32);
    items.get(usize::try_from(next).ok()?)?.focus().ok()
}

/// Focuses the first element that matches.
pub fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Moves a lost focus, in the next frame, to the first of these elements that takes it.
///
/// For what removes or disables the element with the focus: the browser gives the focus to the page
/// then, and the next Tab starts at its top.
pub fn restore_focus(selectors: &'static [&'static str]) {
    request_animation_frame(move || {
        for selector in selectors {
            if is_focus_lost() {
                focus(selector);
            }
        }
    });
}

/// Moves a lost focus, in the next frame, to the first element that matches.
pub fn restore_focus_to(selector: String) {
    request_animation_frame(move || {
        if is_focus_lost() {
            focus(&selector);
        }
    });
}

/// Whether no element but the page has the focus.
fn is_focus_lost() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}

/// localStorage. It may be absent, full or forbidden; then nothing is stored.
pub mod storage {
    /// The keys of all stored values.
    pub fn keys() -> Vec<String> {
        let Some(storage) = storage() else { return Vec::new() };
        let count = storage.length().unwrap_or_default();
        (0..count).filter_map(|index| storage.key(index).ok().flatten()).collect()
    }

    fn storage() -> Option<web_sys::Storage> {
        leptos::prelude::window().local_storage().ok().flatten()
    }

    pub fn get(key: &str) -> Option<String> {
        storage()?.get_item(key).ok().flatten()
    }

    pub fn set(key: &str, value: &str) {
        if let Some(storage) = storage() {
            let _ = storage.set_item(key, value);
        }
    }

    pub fn remove(key: &str) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(key);
        }
    }
}
