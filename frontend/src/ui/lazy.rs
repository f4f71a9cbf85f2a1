//! Parts of the page that the browser loads when they are first needed.

use std::rc::Rc;

use futures::future::LocalBoxFuture;
use gloo_net::http::Request;
use leptos::{html, prelude::*, task::spawn_local, wasm_split::SplitLoaderError};
use shared::paths;

use super::{Ui, focus};

/// The result of a function declared with [`part!`](part): the function of the view, or an error if
/// the part does not load.
pub type Loaded<P> = Result<fn(P) -> AnyView, SplitLoaderError>;

/// Declares an async function that loads a part and returns the function of a view in it. Several
/// views may be in one part.
///
/// Debug builds have no parts: the linker's relocations, which the split needs, would make each
/// build slower, and `trunk serve` does not support parts.
macro_rules! part {
    ($part:ident: $vis:vis fn $name:ident($props:tt: $Props:ty) { $($view:tt)* }) => {
        #[cfg(debug_assertions)]
        $vis async fn $name() -> $crate::ui::Loaded<$Props> {
            Ok(|$props| leptos::prelude::IntoAny::into_any({ $($view)* }))
        }

        #[cfg(not(debug_assertions))]
        #[leptos::wasm_split::wasm_split($part, wasm_split_path = leptos::wasm_split, fallible)]
        $vis fn $name() -> $crate::ui::Loaded<$Props> {
            Ok(|$props| leptos::prelude::IntoAny::into_any({ $($view)* }))
        }
    };
}

pub(crate) use part;

/// Loads a part; the result makes the view.
type Load = Rc<dyn Fn() -> LocalBoxFuture<'static, Result<MakeView, SplitLoaderError>>>;
type MakeView = Rc<dyn Fn() -> AnyView>;

#[derive(Clone)]
enum State {
    Loading,
    Loaded(MakeView),
    Failed(Cause),
}

/// The cause of a part that does not load.
#[derive(Clone, Copy)]
enum Cause {
    Unreachable,
    /// The server has another build of the page: the parts of this one are gone.
    Updated,
    Other,
}

/// Shows a view of a part. Until the part has loaded, shows a notice. If the part does not load,
/// shows the cause and a button to retry or to reload the page.
#[component]
pub fn Lazy<P, F>(
    /// A function declared with [`part!`](part).
    load: fn() -> F,
    props: P,
) -> impl IntoView
where
    P: Clone + Send + Sync + 'static,
    F: Future<Output = Loaded<P>> + 'static,
{
    show(Rc::new(move || {
        let (load, props) = (load(), props.clone());
        Box::pin(async move {
            let view = load.await?;
            Ok(Rc::new(move || view(props.clone())) as MakeView)
        })
    }))
}

/// Not generic, because each instance takes some two KiB of the first load.
fn show(load: Load) -> AnyView {
    let state = RwSignal::new_local(State::Loading);
    let load = StoredValue::new_local(load);
    let placeholder = NodeRef::<html::P>::new();
    let start = move || {
        state.set(State::Loading);
        let loaded = load.with_value(|load| load());
        spawn_local(async move {
            let new = match loaded.await {
                Ok(view) => State::Loaded(view),
                Err(_) => State::Failed(find_cause().await),
            };
            let is_in_dialog = is_in_dialog(placeholder);
            state.try_set(new);
            if is_in_dialog {
                // The browser looks for `autofocus` when a dialog opens, before the part is there.
                request_animation_frame(|| focus("dialog[open] [autofocus]"));
            }
        });
    };
    start();
    let retry = Callback::new(move |()| start());
    let is_unreachable =
        Signal::derive(move || matches!(state.get(), State::Failed(Cause::Unreachable)));
    retry_when_connected(is_unreachable, retry);
    let shown = move || match state.get() {
        State::Loading => {
            view! { <p class="lazy quiet" role="status" node_ref=placeholder>"Loading…"</p> }
                .into_any()
        }
        State::Loaded(view) => untrack(|| view()),
        State::Failed(cause) => view! { <LoadError cause retry/> }.into_any(),
    };
    shown.into_any()
}

/// Whether an element is in a dialog: a part that loads elsewhere must not move the focus within one.
fn is_in_dialog(element: NodeRef<html::P>) -> bool {
    let element = element.try_get_untracked().flatten();
    element.is_some_and(|element| element.closest("dialog").is_ok_and(|dialog| dialog.is_some()))
}

/// Repeats what failed, once after each connect: also if it began before the connect and failed only
/// after it.
///
/// Not generic, because each instance of an effect takes several KiB of WASM.
pub fn retry_when_connected(has_failed: Signal<bool>, retry: Callback<()>) {
    let connection_epoch = expect_context::<Ui>().connection_epoch;
    Effect::new(move |tried: Option<u32>| {
        let epoch = connection_epoch.get();
        let tried = tried.unwrap_or(epoch);
        if !has_failed.get() || tried == epoch {
            return tried;
        }
        untrack(|| retry.run(()));
        epoch
    });
}

#[component]
fn LoadError(cause: Cause, retry: Callback<()>) -> impl IntoView {
    let text = match cause {
        Cause::Unreachable => "You're offline, and this hasn't been loaded yet.",
        Cause::Updated => "Hallway was updated. Reload the page to continue; your drafts are kept.",
        Cause::Other => "This couldn't be loaded.",
    };
    let is_updated = matches!(cause, Cause::Updated);
    let act = move |_| match is_updated {
        true => drop(window().location().reload()),
        false => retry.run(()),
    };
    view! {
        <div class="lazy" role="alert" data-testid="load-error">
            <p>{text}</p>
            <button type="button" class="button button-primary" on:click=act>
                {if is_updated { "Reload" } else { "Try again" }}
            </button>
        </div>
    }
}

/// Finds the cause by comparing this page with the current page of the server.
async fn find_cause() -> Cause {
    let Ok(response) = Request::get(paths::UI).send().await else { return Cause::Unreachable };
    let (true, Ok(html)) = (response.ok(), response.text().await) else { return Cause::Other };
    let loader = document().query_selector("link[rel=modulepreload]").ok().flatten();
    match loader.and_then(|loader| loader.get_attribute("href")) {
        Some(loader) if !html.contains(&loader) => Cause::Updated,
        _ => Cause::Other,
    }
}
