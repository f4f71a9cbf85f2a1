//! The page of the administration, and its tabs.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{audit::AuditTab, people::PeopleTab, rooms::RoomsTab};
use crate::{
    auth::Auth,
    ui::{Icon, Lazy, Shape, href, part},
};

/// The page `/ui/admin/{tab}`.
#[component]
pub fn AdminPage() -> impl IntoView {
    view! {
        <main class="page admin" id="main" tabindex="-1">
            <Lazy load=admin_area props=()/>
        </main>
    }
}

part!(admin: fn admin_area((): ()) { view! { <AdminArea/> } });

/// A tab: its last segment of the path, its name and its content.
type Tab = (&'static str, &'static str, fn() -> AnyView);

/// The tabs in their order; the first is shown for an unknown path.
const TABS: &[Tab] = &[
    ("people", "People", || view! { <PeopleTab/> }.into_any()),
    ("rooms", "Rooms", || view! { <RoomsTab/> }.into_any()),
    ("audit", "Audit log", || view! { <AuditTab/> }.into_any()),
];

#[component]
fn AdminArea() -> impl IntoView {
    let auth = expect_context::<Auth>();
    let path = use_location().pathname;
    let current = Memo::new(move |_| {
        let name = path.with(|path| path.rsplit('/').next().unwrap_or_default().to_owned());
        TABS.iter().position(|(tab, ..)| *tab == name).unwrap_or(0)
    });
    let links = TABS.iter().enumerate().map(|(nth, (tab, name, _))| {
        let is_current = move || (current.get() == nth).then_some("page");
        let address = href(&format!("/admin/{tab}"));
        view! { <a href=address class="button button-small" aria-current=is_current>{*name}</a> }
    });
    let links = links.collect_view();
    let is_admin = Memo::new(move |_| auth.is_admin());
    view! {
        <header class="search-head">
            <a href=href("/rooms") class="icon-button room-back" aria-label="Back to the rooms">
                <Icon shape=Shape::Back/>
            </a>
            <h1>"Administration"</h1>
        </header>
        <nav class="admin-tabs" aria-label="Administration">{links}</nav>
        {move || match is_admin.get() {
            true => {
                let (_, _, content) = TABS[current.get()];
                content()
            }
            false => view! { <p>"Only admins can see this page."</p> }.into_any(),
        }}
    }
}
