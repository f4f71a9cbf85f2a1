//! What every app has: dialogs, icons, toasts, a theme. Must not know a noun of ours.

use std::{future::Future, pin::Pin};

use leptos::{
    ev::{KeyboardEvent, keydown},
    prelude::*,
    task::spawn_local,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

mod action;
mod avatar;
mod dialog;
mod field;
mod icon;
mod menu;
pub mod panic;
mod rows;
mod theme;
pub mod time;
mod toast;

pub use action::{Action, action};
pub use avatar::Avatar;
pub use dialog::{Confirm, Dialog, open_while_some};
pub use field::Field;
pub use icon::{Icon, Mark, Shape};
pub use menu::Menu;
pub use rows::each;
pub use theme::{Theme, ThemeSwitch};
pub use toast::Toasts;

/// What the page shows whoever is here: short notices and a theme.
#[derive(Clone, Copy)]
pub struct Ui {
    toasts: RwSignal<Vec<toast::Toast>>,
    pub theme: RwSignal<Theme>,
}

impl Ui {
    pub fn new() -> Self {
        Self { toasts: RwSignal::default(), theme: RwSignal::new(Theme::remembered()) }
    }

    /// Something went as it should.
    pub fn notice(self, text: impl Into<String>) {
        toast::show(self.toasts, text.into(), false);
    }

    /// Something did not.
    pub fn error(self, text: impl Into<String>) {
        toast::show(self.toasts, text.into(), true);
    }
}

/// Something to load, and to load again when what it reads changes: nothing until the first answer,
/// then the answer to what was last asked. leptos's own `LocalResource` also does what only a page
/// made on a server needs, and is a copy of that for each kind of answer.
pub fn resource<T: Send + Sync + 'static, F: Future<Output = T> + 'static>(
    load: impl Fn() -> F + 'static,
) -> ReadSignal<Option<T>> {
    let (answer, set_answer) = signal(None);
    resource_boxed(Box::new(move || {
        let loading = load();
        Box::pin(async move {
            let loaded = loading.await;
            Box::new(move || set_answer.set(Some(loaded))) as Box<dyn FnOnce()>
        })
    }));
    answer
}

/// Loads, and gives what is to be done with what was loaded.
type Load = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Box<dyn FnOnce()>>>>>;

fn resource_boxed(load: Load) {
    let asked = StoredValue::new(0);
    effect(move || {
        let loading = load();
        asked.update_value(|asked| *asked += 1);
        let mine = asked.get_value();
        spawn(Box::pin(async move {
            let show = loading.await;
            // Neither a late answer to an earlier question, nor one that nobody waits for any more.
            if asked.try_get_value() == Some(mine) {
                show();
            }
        }));
    });
}

/// Views one after the other: one copy for all lists, where each `collect_view` is its own.
pub fn list(views: &mut dyn Iterator<Item = AnyView>) -> AnyView {
    views.collect::<Vec<_>>().into_any()
}

/// One copy of what drives a future, boxed like an [`action`].
pub fn spawn(future: Pin<Box<dyn Future<Output = ()>>>) {
    spawn_local(future);
}

/// The address of a page, for links. The router's own `A` leaves out where the app begins, and its
/// links lead out of it.
pub fn href(path: &str) -> String {
    format!("{}{path}", shared::paths::UI)
}

/// A length for a style, of a part from 0 to 1. In whole numbers: writing a fraction costs the page
/// some KiB.
pub fn percent(part: f64) -> String {
    format!("calc({}% / 1000)", (part * 100_000.0) as i64)
}

/// A parameter of a query. The router's own map decodes each twice, and a `%` that somebody typed
/// would not come back.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.trim_start_matches('?').split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let value = value.replace('+', " ");
    // What cannot be decoded was typed into the address as it is.
    Some(js_sys::decode_uri_component(&value).map_or(value, String::from))
}

/// Whether somebody is writing in a field, where a letter is a letter and no shortcut.
pub fn is_writing() -> bool {
    let active = document().active_element();
    active.is_some_and(|active| matches!(&*active.tag_name(), "INPUT" | "TEXTAREA"))
}

/// Hears each key that goes down on the page, for as long as the component is there. Boxed like an
/// [`action`].
pub fn on_key(hear: impl Fn(&KeyboardEvent) + 'static) {
    let hear: Box<dyn Fn(&KeyboardEvent)> = Box::new(hear);
    let handle = window_event_listener(keydown, move |event| hear(&event));
    on_cleanup(move || handle.remove());
}

/// Whether a key is a shortcut's: of nothing else, and with no dialog open.
pub fn is_plain_key(event: &KeyboardEvent) -> bool {
    let has_more = event.ctrl_key() || event.meta_key() || event.alt_key();
    let dialog = document().query_selector("dialog[open]");
    !has_more && !is_writing() && dialog.is_ok_and(|dialog| dialog.is_none())
}

/// Gives the focus to another element of a list: to which one, `next` says, given the place of the
/// one that has it and how many there are.
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

/// An effect, boxed like an [`action`].
pub fn effect(what: impl FnMut() + 'static) {
    let what: Box<dyn FnMut()> = Box::new(what);
    Effect::new(what);
}

/// A view while a condition holds, boxed like an [`action`]; leptos's own `Show` is a copy of
/// everything for each use.
pub fn shown(
    when: impl Fn() -> bool + Send + Sync + 'static,
    view: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    shown_boxed(Box::new(when), Box::new(view))
}

fn shown_boxed(
    when: Box<dyn Fn() -> bool + Send + Sync>,
    view: Box<dyn Fn() -> AnyView + Send + Sync>,
) -> AnyView {
    let when = Memo::new(move |_| when());
    view! { {move || if when.get() { view() } else { ().into_any() }} }.into_any()
}

/// A memo, boxed like an [`action`].
pub fn memo<T: PartialEq + Send + Sync + 'static>(
    what: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    let what: Box<dyn Fn() -> T + Send + Sync> = Box::new(what);
    Memo::new(move |_| what())
}

/// localStorage, which may be absent, full or forbidden: then nothing is remembered, and that is all.
pub mod storage {
    fn storage() -> Option<web_sys::Storage> {
        leptos::prelude::window().local_storage().ok().flatten()
    }

    /// What is kept under a key.
    pub fn get(key: &str) -> Option<String> {
        storage()?.get_item(key).ok().flatten()
    }

    /// Keeps something; the empty text as nothing would be kept.
    pub fn set(key: &str, value: &str) {
        if let Some(storage) = storage() {
            let _ = storage.set_item(key, value);
        }
    }

    /// Forgets something.
    pub fn remove(key: &str) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(key);
        }
    }
}
