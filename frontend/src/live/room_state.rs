//! The live state of one room.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU32, Ordering},
};

use leptos::prelude::*;
use shared::{
    ids::{Seq, UserId},
    rooms::MyRoom,
    timeline::Timeline,
    users::Status,
};

use crate::state::live::{outbox::OutboxEntry, typing::TypingUsers};

/// The state that this page holds of one of my rooms. Cheap to clone, and reference-counted so that
/// it outlives the components that show it.
#[derive(Clone)]
pub struct RoomState {
    pub timeline: ArcRwSignal<Timeline>,
    /// The first message that I may read. After I was removed and added again it may be another one, and
    /// the room gets a new state.
    pub first_seq: Seq,
    /// Differs between two states of one room.
    pub generation: u32,
    /// The number of members, if they are too many to load all of them.
    pub member_count: ArcRwSignal<Option<i64>>,
    pub online: ArcRwSignal<BTreeSet<UserId>>,
    pub typing: ArcRwSignal<TypingUsers>,
    /// The statuses of the members, as of when they were loaded.
    pub statuses: ArcRwSignal<BTreeMap<UserId, Status>>,
    /// Counts the resets of the timeline; after each, a page has to be loaded again.
    pub resets: ArcRwSignal<u32>,
    /// True between `subscribe` and `subscribed`: the server is sending the missed changes, so a gap
    /// in the revisions is no reason to subscribe again.
    pub(super) is_catching_up: ArcRwSignal<bool>,
}

impl RoomState {
    pub(super) fn new(me: UserId, room: &MyRoom) -> Self {
        static GENERATION: AtomicU32 = AtomicU32::new(0);
        Self {
            timeline: ArcRwSignal::new(Timeline::new(me, room.read.last_seq, room.read.last_rev)),
            first_seq: room.visible_from,
            generation: GENERATION.fetch_add(1, Ordering::Relaxed),
            member_count: ArcRwSignal::new(None),
            online: ArcRwSignal::default(),
            typing: ArcRwSignal::default(),
            statuses: ArcRwSignal::default(),
            resets: ArcRwSignal::new(0),
            is_catching_up: ArcRwSignal::new(false),
        }
    }

    /// Shows an unacknowledged message at the end of the timeline.
    pub(super) fn show_pending(&self, entry: &OutboxEntry) {
        self.timeline.update(|t| {
            t.add_pending(entry.client_id, (entry.format, entry.content.clone()), entry.reply_to);
            if let Some(problem) = &entry.refused {
                t.mark_rejected(entry.client_id, problem.clone());
            }
        });
    }
}
