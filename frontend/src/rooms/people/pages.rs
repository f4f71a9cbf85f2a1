//! Loads the members of a room, page by page: a room may have thousands of them.

use leptos::prelude::*;
use shared::{
    ids::{RoomId, UserId},
    rooms::MemberListing,
};

use crate::{api, live::RoomState};

/// The pages of members. The members that they contain are in the timeline, which also gets every change
/// of them.
#[derive(Clone, Copy)]
pub struct MemberPages {
    /// The `after` of the next page; `None` if all members are loaded.
    pub next: RwSignal<Option<UserId>>,
    /// How many pages are loaded.
    count: StoredValue<usize>,
    load: Action<MemberRequest, api::Result<()>>,
}

/// What to load.
#[derive(Clone, Debug, PartialEq)]
enum MemberRequest {
    /// This many pages from the first one on.
    First(usize),
    /// The page after this member.
    After(UserId),
    /// Members whose names contain a text.
    Named(String),
}

impl MemberPages {
    pub fn new(room: RoomId, state: RoomState) -> Self {
        let next = RwSignal::new(None);
        let load = Action::new_local(move |request: &MemberRequest| {
            load(room, request.clone(), state.clone(), next)
        });
        Self { next, count: StoredValue::new(1), load }
    }

    /// Loads the pages again that were loaded, for example because the presence may have changed.
    pub fn reload(self) {
        self.load.dispatch_local(MemberRequest::First(self.count.get_value()));
    }

    /// Loads the next page.
    pub fn load_next(self) {
        if let Some(after) = self.next.get_untracked() {
            self.count.update_value(|count| *count += 1);
            self.load.dispatch_local(MemberRequest::After(after));
        }
    }

    /// Loads members whose names contain a text, unless all are loaded.
    pub fn find(self, q: String) {
        if self.next.with_untracked(Option::is_some) && !q.trim().is_empty() {
            self.load.dispatch_local(MemberRequest::Named(q));
        }
    }

    pub fn is_loading(self) -> Memo<bool> {
        self.load.pending()
    }

    /// The error of the last request.
    pub fn error(self) -> Option<String> {
        self.load.value().get()?.err().map(|error| error.message())
    }
}

async fn load(
    room: RoomId,
    request: MemberRequest,
    state: RoomState,
    next: RwSignal<Option<UserId>>,
) -> api::Result<()> {
    let (mut after, count) = match request {
        MemberRequest::First(count) => (None, count),
        MemberRequest::After(after) => (Some(after), 1),
        MemberRequest::Named(q) => {
            insert(&state, api::find_members(room, q.trim()).await?.members);
            return Ok(());
        }
    };
    let is_first = after.is_none();
    for _ in 0..count {
        let list = api::list_members(room, after).await?;
        insert(&state, list.members);
        after = list.next;
        if after.is_none() {
            break;
        }
    }
    next.try_set(after);
    if after.is_none() {
        state.member_count.set(None);
    } else if is_first {
        // Whoever looks for a host should not have to search.
        insert(&state, api::list_hosts(room).await?.members);
        state.member_count.set(Some(api::get_room(room).await?.member_count));
    }
    Ok(())
}

/// Adds members and their presence to the state of the room.
fn insert(state: &RoomState, members: Vec<MemberListing>) {
    let (online, offline): (Vec<_>, Vec<_>) = members.iter().partition(|m| m.online);
    state.online.update(|known| {
        known.retain(|id| !offline.iter().any(|m| m.member.user.id == *id));
        known.extend(online.iter().map(|m| m.member.user.id));
    });
    state.statuses.update(|known| {
        for listing in &members {
            let id = listing.member.user.id;
            match &listing.status {
                Some(status) => drop(known.insert(id, status.clone())),
                None => drop(known.remove(&id)),
            }
        }
    });
    state.timeline.update(|t| members.into_iter().for_each(|m| t.upsert_member(m.member)));
}
