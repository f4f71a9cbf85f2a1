//! The entity tag of one reader tells another nothing.

use shared::access::{History, RoomKind};

use super::{
    operations::{About, operation_cases},
    world::{Actor, Visibility, World},
};
use crate::fixture::Response;

#[tokio::test]
async fn the_tag_of_a_member_is_of_no_use_to_others() {
    let world = World::start().await;
    let mut tags = 0;
    for kind in [RoomKind::Open, RoomKind::Private] {
        let room = world.room(kind, History::Joining);
        for case in operation_cases().iter().filter(|case| case.about == About::Room) {
            for call in case.calls.iter().filter(|call| !call.is_write) {
                let (method, path, _) = call.render(&room.target);
                let ask = async |actor, tag: &str| {
                    let request = world.client(actor).request(&method, &path);
                    Response::fetch(request.header("if-none-match", tag)).await
                };
                let full = ask(Actor::Member, "\"none\"").await;
                let tag = full.header("etag");
                if tag.is_empty() {
                    continue;
                }
                tags += 1;
                assert_eq!(ask(Actor::Member, tag).await.status, 304, "{path}");
                assert!(full.header("cache-control").starts_with("private"), "{path}");
                let others = [
                    Actor::Late,
                    Actor::Outsider,
                    Actor::GuestOutside,
                    Actor::Former,
                    Actor::Removed,
                    Actor::Disabled,
                    Actor::AdminOutside,
                    Actor::Anon,
                ];
                for actor in others {
                    let (without, with) = (ask(actor, "\"none\"").await, ask(actor, tag).await);
                    assert_eq!(with.status, without.status, "{actor:?} {path}");
                    assert_ne!(with.status, 304, "{actor:?} {path}");
                    if room.visibility(actor) == Visibility::Nothing && path.contains("/rooms/") {
                        assert_eq!(with.header("etag"), "", "{actor:?} {path}");
                    }
                }
            }
        }
    }
    assert!(tags > 20, "only {tags} tags");
}
