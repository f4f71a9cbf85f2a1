//! What the timeline shows of a changed room.

use shared::{
    access::RoomKind,
    ids::{RoomId, UserId},
    messages::Row,
    rooms::RoomEventKind,
    users::UserRef,
};

use super::super::{Batch, NewEvent};
use crate::{Result, tables::rooms};

/// Writes and publishes a changed room: once for each event, because a change has one event at most, and
/// once if there is none.
pub(super) async fn publish_update(
    batch: &mut Batch<'_>,
    before: &rooms::Model,
    after: rooms::Model,
    by: UserId,
) -> Result<()> {
    let id = RoomId(after.id);
    let by = batch.actor(id, by).await?;
    let mut events: Vec<_> = events_of(before, &after, &by).into_iter().map(Some).collect();
    if events.is_empty() {
        events.push(None);
    }
    for event in events {
        let rev = batch.next_rev(id);
        let row =
            rooms::Model { updated_at: batch.now, rev: rev.0, last_rev: rev.0, ..after.clone() };
        batch.update_room(id, |room| room.clone_from(&row));
        batch.publish_event(id, rev, Row::Room(row.into()), event)?;
    }
    Ok(())
}

/// The events that lead from one state of a room to another.
fn events_of(before: &rooms::Model, after: &rooms::Model, by: &UserRef) -> Vec<NewEvent> {
    use RoomEventKind as K;
    let event = |kind| NewEvent::new(kind, by.clone());
    let mut events = Vec::new();
    if before.name != after.name {
        let names = Some((before.name.clone(), after.name.clone()));
        events.push(NewEvent { names, ..event(K::Renamed) });
    }
    if before.topic != after.topic {
        events.push(event(K::TopicChanged));
    }
    match after.kind.0 {
        kind if kind == before.kind.0 => {}
        RoomKind::Open => events.push(event(K::MadeOpen)),
        RoomKind::Private => events.push(event(K::MadePrivate)),
        RoomKind::Direct => {}
    }
    match (before.archived_at, after.archived_at) {
        (None, Some(_)) => events.push(event(K::Archived)),
        (Some(_), None) => events.push(event(K::Unarchived)),
        _ => {}
    }
    events
}
