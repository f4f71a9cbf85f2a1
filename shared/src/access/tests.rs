//! Every rank, kind, role, policy and action.

use super::*;

const RANKS: [Rank; 4] = [Rank::Guest, Rank::Member, Rank::Admin, Rank::Owner];
const ROLES: [Option<Role>; 4] = [None, Some(Role::Reader), Some(Role::Member), Some(Role::Host)];
const ACTIONS: [Action; 11] = [
    Action::See,
    Action::Join,
    Action::Read,
    Action::Post,
    Action::Invite,
    Action::ChangeTopic,
    Action::Report,
    Action::DeleteAnyMessage,
    Action::TimeOut,
    Action::Manage,
    Action::SetDefault,
];

fn rooms() -> Vec<RoomAccess> {
    let roles = [Role::Reader, Role::Member, Role::Host];
    let mut rooms = Vec::new();
    for kind in [RoomKind::Open, RoomKind::Private, RoomKind::Direct] {
        for is_archived in [false, true] {
            for post in roles {
                for invite in roles {
                    for topic in roles {
                        let policies = Policies { post, invite, topic, slow_s: 0 };
                        rooms.push(RoomAccess { kind, policies, is_archived });
                    }
                }
            }
        }
    }
    rooms
}

fn each(check: impl Fn(Rank, &RoomAccess, Option<Role>)) {
    for room in rooms() {
        for rank in RANKS {
            for role in ROLES {
                check(rank, &room, role);
            }
        }
    }
}

#[test]
fn somebody_who_does_not_see_a_room_may_do_nothing() {
    each(|rank, room, role| {
        if !may(rank, room, role, Action::See) {
            for action in ACTIONS {
                assert!(!may(rank, room, role, action), "{rank:?} {room:?} {role:?} {action:?}");
            }
        }
    });
}

#[test]
fn a_room_that_is_not_open_exists_only_for_its_members() {
    each(|rank, room, role| {
        let is_found = room.kind == RoomKind::Open && rank > Rank::Guest;
        assert_eq!(may(rank, room, role, Action::See), is_found || role.is_some());
        assert!(room.kind == RoomKind::Open || !may(rank, room, role, Action::Join));
    });
}

#[test]
fn only_members_read_and_post() {
    each(|rank, room, role| {
        assert_eq!(may(rank, room, role, Action::Read), role.is_some());
        assert!(role.is_some() || !may(rank, room, role, Action::Post));
    });
}

#[test]
fn a_higher_rank_or_role_may_do_at_least_as_much() {
    each(|rank, room, role| {
        for action in ACTIONS.into_iter().filter(|action| may(rank, room, role, *action)) {
            for higher in RANKS.into_iter().filter(|higher| *higher > rank) {
                assert!(may(higher, room, role, action), "{higher:?} {room:?} {role:?} {action:?}");
            }
            for higher in ROLES.into_iter().filter(|higher| *higher > role) {
                assert!(may(rank, room, higher, action), "{rank:?} {room:?} {higher:?} {action:?}");
            }
        }
    });
}

#[test]
fn hosts_manage_everywhere_and_admins_only_open_rooms() {
    each(|rank, room, role| {
        let host = role == Some(Role::Host) && room.kind != RoomKind::Direct;
        let admin = rank.is_admin() && room.kind == RoomKind::Open;
        for action in [Action::Manage, Action::TimeOut, Action::DeleteAnyMessage] {
            assert_eq!(may(rank, room, role, action), host || admin);
        }
    });
}

#[test]
fn only_admins_choose_the_rooms_of_new_accounts() {
    each(|rank, room, role| {
        let sees = may(rank, room, role, Action::See);
        assert_eq!(may(rank, room, role, Action::SetDefault), rank.is_admin() && sees);
        if sees && !rank.is_admin() {
            assert_eq!(check(rank, room, role, Action::SetDefault), Err(Code::AdminOnly));
        }
    });
}

#[test]
fn members_report_in_every_room_that_somebody_manages() {
    each(|rank, room, role| {
        let reports = role.is_some() && room.kind != RoomKind::Direct;
        assert_eq!(may(rank, room, role, Action::Report), reports);
    });
}

#[test]
fn nobody_times_out_somebody_who_could_do_the_same() {
    each(|rank, room, role| {
        for (other_rank, other) in RANKS.into_iter().zip(ROLES) {
            let is_higher = rank >= other_rank && role >= other;
            if is_higher && may(other_rank, room, other, Action::TimeOut) {
                assert!(may(rank, room, role, Action::TimeOut), "{rank:?} {room:?} {role:?}");
            }
        }
    });
}

#[test]
fn nothing_is_posted_into_an_archived_room() {
    each(|rank, room, role| {
        let writes = [Action::Join, Action::Post, Action::Invite, Action::ChangeTopic];
        for action in writes.into_iter().filter(|_| room.is_archived) {
            assert!(!may(rank, room, role, action));
        }
    });
}

#[test]
fn a_policy_names_the_lowest_role() {
    each(|rank, room, role| {
        let Some(role) = role.filter(|_| !room.is_archived && !rank.is_admin()) else { return };
        let (policies, is_direct) = (room.policies, room.kind == RoomKind::Direct);
        assert_eq!(may(rank, room, Some(role), Action::Post), role >= policies.post);
        let changes_topic = role >= policies.topic && !is_direct;
        assert_eq!(may(rank, room, Some(role), Action::ChangeTopic), changes_topic);
        let invites = role >= policies.invite && rank > Rank::Guest && !is_direct;
        assert_eq!(may(rank, room, Some(role), Action::Invite), invites);
    });
}

#[test]
fn a_refusal_of_an_unseen_room_is_that_of_no_room() {
    each(|rank, room, role| {
        for action in ACTIONS {
            let refused = check(rank, room, role, action).err();
            assert_eq!(refused.is_none(), may(rank, room, role, action));
            let is_unseen = !may(rank, room, role, Action::See);
            assert_eq!(refused == Some(Code::NotFound), is_unseen, "{rank:?} {room:?} {role:?}");
        }
    });
}
