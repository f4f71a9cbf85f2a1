//! The tab with the audit log.

use leptos::prelude::*;
use shared::administration::{AuditAction, AuditEntry};

use super::paged_rows::{EndOfRows, FilterField, PagedRows, SearchField};
use crate::{
    api,
    state::admin::administration::{action_name, actor_name, describe_entry},
    ui::time,
};

#[component]
pub fn AuditTab() -> impl IntoView {
    let (q, filter) = (RwSignal::new(String::new()), RwSignal::new(None::<AuditAction>));
    let list = PagedRows::new(q, filter, |request, action| async move {
        let list = api::list_audit(request, action).await;
        list.map(|list| (list.entries, list.next.map(|next| next.0)))
    });
    let actions = AuditAction::ALL.iter().map(|action| (Some(*action), action_name(*action)));
    let options = [(None, "Everything")].into_iter().chain(actions).collect::<Vec<_>>();
    let file = move |format| q.with(|q| api::audit_file(format, q, filter.get()));
    view! {
        <div class="admin-filters">
            <SearchField q label="Filter by person or room"/>
            <FilterField label="Which actions" options value=filter/>
        </div>
        <p class="admin-files quiet">
            "Download as "
            <a href=move || file("csv") rel="external" download="">"CSV"</a>
            " or "
            <a href=move || file("jsonl") rel="external" download="">"JSON Lines"</a>
        </p>
        <table class="admin-table" role="table" data-testid="audit">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"What"</th>
                    <th role="columnheader" scope="col">"Who"</th>
                    <th role="columnheader" scope="col">"When"</th>
                    <th role="columnheader" scope="col">"From"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For
                    each=move || list.rows.get()
                    key=|entry| entry.id
                    children=|entry| view! { <EntryRow entry/> }
                />
            </tbody>
        </table>
        <EndOfRows list more="Show older entries"/>
    }
}

#[component]
fn EntryRow(entry: AuditEntry) -> impl IntoView {
    let (who, what) = (actor_name(&entry), describe_entry(&entry));
    let address = entry.address.unwrap_or_else(|| "–".to_owned());
    view! {
        <tr role="row">
            <td role="cell" class="admin-name" dir="auto">{what}</td>
            <td role="cell" data-label="Who"><bdi>{who}</bdi></td>
            <td role="cell" data-label="When" title=time::full(entry.created_at)>
                {time::short(entry.created_at)}
            </td>
            <td role="cell" data-label="From">{address}</td>
        </tr>
    }
}
