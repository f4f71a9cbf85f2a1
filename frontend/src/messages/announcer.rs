//! Says new messages of others to whoever listens instead of looking. The timeline itself is silent:
//! it would read out every older page that is loaded.

use leptos::prelude::*;

use super::{Open, row::snippet};
use crate::users::session::Session;

/// "Ada: hello"
#[component]
pub fn Announcer() -> impl IntoView {
    let open = expect_context::<Open>();
    let me = expect_context::<Session>().me_untracked().map(|me| me.id);
    let text = Memo::new(move |before: Option<&(shared::ids::Seq, String)>| {
        open.with(|t| {
            let last = t.last_seq();
            let Some((said, text)) = before else { return (last, String::new()) };
            let message = t.get(last).filter(|m| last > *said && Some(m.user.id) != me);
            match message {
                Some(m) => (last, format!("{}: {}", m.user.username, snippet(&m.content))),
                None => (last, text.clone()),
            }
        })
    });
    view! { <p class="sr-only" aria-live="polite" data-testid="announcer">{move || text.get().1}</p> }
}
