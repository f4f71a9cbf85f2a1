//! The people of a room to suggest while a name is typed.

use leptos::prelude::*;
use shared::{rooms::MemberList, users::UserRef};

use crate::{
    api, live::LiveClient, messages::context::RoomContext, state::rooms::people::suggest_people,
    ui::debounce,
};

/// The number of the newest loaded messages whose authors come first.
const RECENT: usize = 500;

/// The people to suggest for a name that is being typed. Those who wrote lately come first, at once, and then
/// the other members, whom the server finds. Once it has, authors who left are gone.
pub fn suggest_members(typed: Memo<Option<String>>) -> Memo<Vec<UserRef>> {
    let (room, live) = (expect_context::<RoomContext>(), expect_context::<LiveClient>());
    let name = RwSignal::new(String::new());
    Effect::new(move |_| {
        if let Some(typed) = typed.get() {
            name.set(typed.trim().to_owned());
        }
    });
    let (debounced, is_typing) = (debounce(name), Memo::new(move |_| typed.get().is_some()));
    // A name that nobody has. What continues it is a sentence, and needs no further request.
    let without_match = StoredValue::new(None::<String>);
    let found = LocalResource::new(move || {
        let (name, is_typing) = (debounced.get(), is_typing.get());
        if !is_typing {
            without_match.set_value(None);
        }
        async move {
            let continues =
                |it: &Option<String>| it.as_ref().is_some_and(|it| name.starts_with(it));
            if !is_typing || without_match.with_value(continues) {
                return (name, None);
            }
            let found = api::find_members(room.id, &name).await.ok();
            if found.as_ref().is_some_and(|list| list.members.is_empty()) {
                without_match.try_set_value(Some(name.clone()));
            }
            (name, found)
        }
    });
    Memo::new(move |_| {
        let Some(typed) = typed.get() else { return Vec::new() };
        let found = found.get().filter(|(of, _)| of == typed.trim()).and_then(|(_, found)| found);
        room.with_timeline(|timeline| {
            let recent = timeline.newest_first().take(RECENT).map(|message| &message.user);
            let recent = recent.filter(|user| may_be_member(user, &found));
            let members = timeline.members().map(|member| &member.user);
            let found = found.iter().flat_map(|list| &list.members);
            let others = members.chain(found.map(|listing| &listing.member.user));
            let people = recent.chain(others).filter(|user| user.id != live.my_id());
            suggest_people(&typed, people)
        })
    })
}

/// Whether somebody who wrote in the room may still be in it, as far as it is known.
fn may_be_member(user: &UserRef, found: &Option<MemberList>) -> bool {
    found.as_ref().is_none_or(|list| {
        list.next.is_some() || list.members.iter().any(|found| found.member.user.id == user.id)
    })
}
