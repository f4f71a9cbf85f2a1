//! The dialog that exports a room or a search as a file.

use leptos::prelude::*;

use crate::ui::{Dialog, Lazy, part, time};

/// The formats, each with its label and its purpose.
const FORMATS: [(&str, &str, &str); 4] = [
    ("html", "Web page", "opens in any browser, works offline, and can be searched"),
    ("markdown", "Markdown", "for reading or pasting elsewhere"),
    ("csv", "CSV", "for spreadsheets"),
    ("jsonl", "JSONL", "for programs, with every field"),
];

/// `path` is the address of the file without the parameters that the dialog adds.
#[component]
pub fn ExportDialog(open: RwSignal<bool>, #[prop(into)] path: Signal<String>) -> impl IntoView {
    view! {
        <Dialog open title="Export">
            <Lazy load=format_list props=(open, path)/>
        </Dialog>
    }
}

part!(more: fn format_list((open, path): (RwSignal<bool>, Signal<String>)) {
    view! { <FormatList open path/> }
});

#[component]
fn FormatList(open: RwSignal<bool>, path: Signal<String>) -> impl IntoView {
    let rows = FORMATS.map(|(format, name, purpose)| {
        let href = move || {
            let path = path.get();
            let separator = if path.contains('?') { '&' } else { '?' };
            let zone = time::zone_parameter();
            format!("{path}{separator}format={format}&bom=true&{zone}")
        };
        view! {
            <li class="list-row">
                <a class="button button-small" href=href download on:click=move |_| open.set(false)>
                    {name}
                </a>
                <span class="quiet">{purpose}</span>
            </li>
        }
    });
    view! { <ul class="plain-list">{rows.collect_view()}</ul> }
}
