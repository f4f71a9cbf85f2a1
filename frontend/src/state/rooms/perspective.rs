//! The sentences that say what somebody else may do in a room.

use shared::access::{Action, History, Perspective, RoomAccess};

/// What can be done in a room, in the order in which it is listed.
const SENTENCES: [(Action, &str); 9] = [
    (Action::See, "Find the room and see its name and topic"),
    (Action::Join, "Join without being added"),
    (Action::Read, "Read messages and see who is here"),
    (Action::Post, "Post messages"),
    (Action::React, "Add reactions to messages"),
    (Action::Invite, "Add people"),
    (Action::ChangeTopic, "Change the topic"),
    (Action::DeleteAnyMessage, "Delete messages of others"),
    (Action::Manage, "Rename, archive or delete the room, and manage people"),
];

/// The name of a perspective.
pub fn perspective_name(perspective: Perspective) -> &'static str {
    match perspective {
        Perspective::Member => "A member",
        Perspective::Reader => "A reader",
        Perspective::Guest => "A guest",
        Perspective::Outsider => "Somebody outside",
    }
}

/// Who is meant, in one sentence.
pub fn describe_perspective(perspective: Perspective) -> &'static str {
    match perspective {
        Perspective::Member => "Somebody in the room without a special role.",
        Perspective::Reader => "Somebody in the room with the role of a reader.",
        Perspective::Guest => "A guest of the server whom somebody added to the room.",
        Perspective::Outsider => "Somebody on the server who isn't in the room.",
    }
}

/// Each thing that can be done in a room, and whether somebody may do it. Who joins a room may always do so
/// only once, so members are not asked whether they may join.
pub fn abilities(perspective: Perspective, room: &RoomAccess) -> Vec<(&'static str, bool)> {
    let is_inside = perspective.rank_and_role().1.is_some();
    let listed = SENTENCES.iter().filter(|(action, _)| !(is_inside && *action == Action::Join));
    listed.map(|(action, sentence)| (*sentence, perspective.may(room, *action))).collect()
}

/// Which messages newcomers read.
pub fn history_sentence(history: History) -> &'static str {
    match history {
        History::All => "People who join later can also read what was posted before.",
        History::Joining => "People who join later can read only what is posted after that.",
    }
}

#[cfg(test)]
mod tests {
    use shared::access::{Policies, RoomKind};

    use super::*;

    fn allowed(perspective: Perspective, kind: RoomKind) -> Vec<&'static str> {
        let room = RoomAccess { kind, policies: Policies::default(), is_archived: false };
        let all = abilities(perspective, &room).into_iter();
        all.filter(|(_, is_allowed)| *is_allowed).map(|(sentence, _)| sentence).collect()
    }

    #[test]
    fn somebody_outside_finds_and_joins_only_open_rooms() {
        let open = allowed(Perspective::Outsider, RoomKind::Open);
        assert_eq!(open, ["Find the room and see its name and topic", "Join without being added"]);
        assert!(allowed(Perspective::Outsider, RoomKind::Private).is_empty());
    }

    #[test]
    fn members_post_readers_read_and_guests_add_nobody() {
        let may =
            |perspective, sentence| allowed(perspective, RoomKind::Private).contains(&sentence);
        assert!(
            may(Perspective::Member, "Post messages") && may(Perspective::Member, "Add people")
        );
        assert!(!may(Perspective::Reader, "Post messages"));
        assert!(may(Perspective::Reader, "Add reactions to messages"));
        assert!(may(Perspective::Reader, "Read messages and see who is here"));
        assert!(may(Perspective::Guest, "Post messages") && !may(Perspective::Guest, "Add people"));
        assert!(!may(Perspective::Member, "Join without being added"));
    }

    #[test]
    fn each_sentence_is_listed_once() {
        let mut actions: Vec<_> =
            SENTENCES.iter().map(|(action, _)| format!("{action:?}")).collect();
        actions.sort();
        actions.dedup();
        assert_eq!(actions.len(), SENTENCES.len());
    }
}
