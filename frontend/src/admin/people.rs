//! The tab with all accounts.

use leptos::prelude::*;
use shared::{access::Rank, administration::AccountListing, unicode::isolate, users::User};

use super::{
    account_dialogs::AccountDialogs,
    paged_rows::{EndOfRows, FilterField, PagedRows, SearchField},
};
use crate::{
    api::{self, AccountFilter},
    auth::Auth,
    state::admin::administration::{AccountAction, account_actions, rank_name},
    ui::{Avatar, Icon, Menu, Shape, time},
};

#[component]
pub fn PeopleTab() -> impl IntoView {
    let (q, filter) = (RwSignal::new(String::new()), RwSignal::new(AccountFilter::All));
    let list = PagedRows::new(q, filter, |request, filter| async move {
        let list = api::list_accounts(request, filter).await;
        list.map(|list| (list.users, list.next.map(|next| next.0)))
    });
    let acting = RwSignal::new(None::<(User, AccountAction)>);
    let changed = Callback::new(move |user: User| {
        list.rows.update(|rows| {
            if user.is_deleted {
                rows.retain(|row| row.user.id != user.id);
            } else if let Some(row) = rows.iter_mut().find(|row| row.user.id == user.id) {
                row.user = user;
            }
        });
    });
    let options = vec![
        (AccountFilter::All, "Everybody"),
        (AccountFilter::Ranked(Rank::Owner), "Owners"),
        (AccountFilter::Ranked(Rank::Admin), "Admins"),
        (AccountFilter::Ranked(Rank::Member), "Members"),
        (AccountFilter::Ranked(Rank::Guest), "Guests"),
        (AccountFilter::Disabled, "Disabled"),
    ];
    view! {
        <div class="admin-filters">
            <SearchField q label="Filter people by name"/>
            <FilterField label="Which people" options value=filter/>
        </div>
        <table class="admin-table" role="table" data-testid="accounts">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Name"</th>
                    <th role="columnheader" scope="col">"Rank"</th>
                    <th role="columnheader" scope="col">"Last seen"</th>
                    <th role="columnheader" scope="col">"Rooms"</th>
                    <th role="columnheader" scope="col">"Joined"</th>
                    <th role="columnheader" scope="col"><span class="sr-only">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For
                    each=move || list.rows.get()
                    key=|row| {
                        let user = &row.user;
                        (user.id, user.rank, user.is_disabled, user.display_name.clone())
                    }
                    children=move |row| view! { <AccountRow row acting/> }
                />
            </tbody>
        </table>
        <EndOfRows list more="Show more people"/>
        <AccountDialogs acting changed/>
    }
}

#[component]
fn AccountRow(
    row: AccountListing,
    acting: RwSignal<Option<(User, AccountAction)>>,
) -> impl IntoView {
    let auth = expect_context::<Auth>();
    let AccountListing { user, last_seen_at, room_count } = row;
    let (name, shown) = (user.username.clone(), user.display_name.clone());
    let last_seen = last_seen_at.map_or("Not signed in".to_owned(), time::short);
    let is_disabled = user.is_disabled;
    let email = user.email.clone();
    let label = format!("Actions for {}", isolate(&name));
    let (rank, joined) = (rank_name(user.rank), time::short(user.created_at));
    let id = user.id.to_string();
    let user = StoredValue::new(user);
    let actions = Memo::new(move |_| {
        let me = auth.me();
        me.map(|me| user.with_value(|user| account_actions(&me, user))).unwrap_or_default()
    });
    let items = move || {
        let items = actions.get().into_iter().map(|action| {
            let choose = move |_| acting.set(Some((user.get_value(), action)));
            view! {
                <button type="button" role="menuitem" on:click=choose>{action.label()}</button>
            }
        });
        items.collect_view()
    };
    let label = StoredValue::new(label);
    view! {
        <tr role="row" data-user=id>
            <td role="cell" class="admin-name">
                <Avatar name=name.clone() small=true/>
                <bdi>{name}</bdi>
                {email.map(|email| view! { <small class="quiet"><bdi>{email}</bdi></small> })}
                {shown.map(|shown| view! { <bdi class="quiet">{shown}</bdi> })}
                {is_disabled.then(|| view! { <span class="tag">"Disabled"</span> })}
            </td>
            <td role="cell" data-label="Rank">{rank}</td>
            <td role="cell" data-label="Last seen">{last_seen}</td>
            <td role="cell" data-label="Rooms">{time::number(room_count)}</td>
            <td role="cell" data-label="Joined">{joined}</td>
            <td role="cell" class="admin-menu">
                <Show when=move || actions.with(|actions| !actions.is_empty())>
                    <Menu
                        label=label.get_value()
                        testid="account-actions"
                        face=|| view! { <Icon shape=Shape::More/> }
                    >
                        {items}
                    </Menu>
                </Show>
            </td>
        </tr>
    }
}
