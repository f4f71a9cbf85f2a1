//! Moderation of a member: the items of the member's menu, and the dialogs for a time-out and for a ban.

use leptos::{prelude::*, task::spawn_local};
use shared::{
    access::{Action as RoomAction, may},
    ids::{RoomId, UserId},
    rooms::Member,
    unicode::isolate,
};

use crate::{
    api,
    live::LiveClient,
    ui::{Confirm, Dialog, Ui, open_while_some, time},
};

/// A member whom a dialog is about: the id and the name.
type Subject = RwSignal<Option<(UserId, String)>>;

/// The member whom each dialog is about.
#[derive(Clone, Copy)]
pub struct MemberDialogs {
    pub removing: Subject,
    pub timing_out: Subject,
    pub banning: Subject,
    /// Whether the menu of a member is open. The list stands still meanwhile: a person who goes online
    /// would else move under the pointer and close the menu.
    pub has_open_menu: RwSignal<bool>,
}

impl MemberDialogs {
    pub fn new() -> Self {
        let [removing, timing_out, banning] = [(); 3].map(|()| RwSignal::new(None));
        Self { removing, timing_out, banning, has_open_menu: RwSignal::new(false) }
    }
}

/// The lengths of a time-out in minutes, with their names.
const TIME_OUTS: [(u32, &str); 4] =
    [(10, "10 minutes"), (60, "1 hour"), (1_440, "1 day"), (10_080, "1 week")];

/// The menu items that are not for those who manage the room as well.
#[component]
pub fn ModerationItems(room: RoomId, member: Member, dialogs: MemberDialogs) -> impl IntoView {
    let (ui, live) = (expect_context::<Ui>(), expect_context::<LiveClient>());
    let access = live.rooms.with_untracked(|rooms| rooms.get(room).map(|room| room.access()));
    let is_protected =
        access.is_none_or(|room| may(member.rank, &room, Some(member.role), RoomAction::TimeOut));
    let id = member.user.id;
    let name = StoredValue::new(member.user.name().to_owned());
    let end = move |_| {
        // Read before the request, because the change replaces the row.
        let name = name.get_value();
        // Not an action, which would end with the menu.
        spawn_local(async move {
            match api::end_time_out(room, id).await {
                Ok(()) => ui.notice(format!("{} can post again.", isolate(&name))),
                Err(error) => ui.error(error.message()),
            }
        });
    };
    let choose = move |subject: Subject| subject.set(Some((id, name.get_value())));
    let is_timed_out = member.timed_out_until.is_some_and(|until| until > time::now());
    (!is_protected).then(|| {
        view! {
            {is_timed_out.then(|| view! {
                <button
                    type="button"
                    role="menuitem"
                    on:click=end
                >
                    "End time-out"
                </button>
            })}
            <button
                type="button"
                role="menuitem"
                on:click=move |_| choose(dialogs.timing_out)
            >
                "Time out…"
            </button>
            <button
                type="button"
                role="menuitem"
                class="danger"
                on:click=move |_| choose(dialogs.banning)
            >
                "Remove and ban"
            </button>
        }
    })
}

/// Chooses for how long a member may not post.
#[component]
pub fn TimeOutDialog(room: RoomId, timing_out: Subject) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let open = open_while_some(timing_out);
    let begin = Action::new_local(move |minutes: &u32| {
        let (minutes, subject) = (*minutes, timing_out.get_untracked());
        async move {
            let Some((user, name)) = subject else { return };
            match api::time_out(room, user, minutes).await {
                Ok(()) => {
                    open.try_set(false);
                    ui.notice(format!("{} can read, but not post.", isolate(&name)));
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let busy = begin.pending();
    let text = move || {
        let name = timing_out.get_untracked().map(|(_, name)| name).unwrap_or_default();
        format!(
            "{} will be able to read, but not to post or edit. Everybody in the room sees it.",
            isolate(&name)
        )
    };
    let choice = move |(minutes, label): (u32, &'static str)| {
        view! {
            <button
                type="button"
                class="button"
                disabled=busy
                on:click=move |_| { begin.dispatch_local(minutes); }
            >
                {label}
            </button>
        }
    };
    view! {
        <Dialog open title="Time out for how long?">
            <p class="dialog-text">{text()}</p>
            <div class="dialog-actions">{TIME_OUTS.map(choice).into_iter().collect_view()}</div>
        </Dialog>
    }
}

/// Asks for confirmation, then bans a member from the room, which also removes them.
#[component]
pub fn BanDialog(room: RoomId, banning: Subject) -> impl IntoView {
    let ui = expect_context::<Ui>();
    let open = open_while_some(banning);
    let ban = Action::new_local(move |(user, name): &(UserId, String)| {
        let (user, name) = (*user, name.clone());
        async move {
            match api::ban_member(room, user).await {
                Ok(()) => {
                    open.try_set(false);
                    ui.notice(format!("{} is banned.", isolate(&name)));
                }
                Err(error) => ui.error(error.message()),
            }
        }
    });
    let text = move || {
        let name = banning.get_untracked().map(|(_, name)| name).unwrap_or_default();
        format!(
            "{} can neither join nor be added until a host lifts the ban under “Edit room”.",
            isolate(&name)
        )
    };
    let on_yes = move |()| {
        if let Some(subject) = banning.get_untracked() {
            ban.dispatch_local(subject);
        }
    };
    view! {
        <Dialog open title="Remove and ban?">
            <Confirm text=text() yes="Remove and ban" open busy=ban.pending() on_yes/>
        </Dialog>
    }
}
