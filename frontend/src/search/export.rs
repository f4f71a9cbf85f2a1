//! What is on the page, to take along as a file.

use leptos::prelude::*;

use crate::ui::{Dialog, time};

/// The forms, with what each is for.
const FORMATS: [(&str, &str, &str); 4] = [
    ("html", "Page", "opens anywhere without a network, and has a search"),
    ("markdown", "Markdown", "to read or to paste elsewhere"),
    ("csv", "CSV", "for a spreadsheet"),
    ("jsonl", "JSONL", "for a program: everything that there is"),
];

/// The dialog. `path` is where the file comes from, up to its parameters.
#[component]
pub fn ExportDialog(open: RwSignal<bool>, #[prop(into)] path: Signal<String>) -> impl IntoView {
    view! {
        <Dialog open title="Export">
            <ul class="plain-list">
                {FORMATS.map(|(format, name, says)| {
                    let tz = String::from(js_sys::encode_uri_component(&time::utc_offset()));
                    let href = move || {
                        let path = path.get();
                        let sign = if path.contains('?') { '&' } else { '?' };
                        format!("{path}{sign}format={format}&tz={tz}")
                    };
                    view! {
                        <li class="list-row">
                            <a
                                class="button button-small"
                                href=move || href()
                                download
                                on:click:target=move |_| open.set(false)
                            >
                                {name}
                            </a>
                            <span class="quiet">{says}</span>
                        </li>
                    }
                }).into_iter().collect_view()}
            </ul>
        </Dialog>
    }
}
