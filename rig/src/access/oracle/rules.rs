//! Who may do what, as the documentation says it. Written again on purpose: the server's own function must
//! not decide whether the server is right.

use shared::{
    access::{Rank, Role, RoomKind},
    ids::RoomId,
};

use super::{
    model::{Oracle, PersonId, Room},
    timeline::Window,
};

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Nothing,
    /// Nobody may do it.
    Never,
    /// Create an open or a private room. Direct rooms depend on whom one knows.
    Create(RoomKind),
    See(RoomId),
    Read(RoomId),
    Join(RoomId),
    Post(RoomId),
    DeleteOwn(RoomId),
    Add(RoomId),
    ChangeTopic(RoomId),
    Manage(RoomId),
    /// As `Manage`, of a room that is deleted.
    Restore(RoomId),
    /// Enter a private room as an admin.
    Enter(RoomId),
    /// Change a rank from one to another.
    SetRank(Rank, Rank),
}

/// One possible state of a room and a person.
struct Case {
    rank: Rank,
    role: Option<Role>,
    kind: RoomKind,
    is_archived: bool,
}

impl Case {
    fn sees(&self) -> bool {
        self.role.is_some() || (self.kind == RoomKind::Open && self.rank != Rank::Guest)
    }

    fn manages(&self) -> bool {
        let is_admin = matches!(self.rank, Rank::Admin | Rank::Owner);
        match self.kind {
            RoomKind::Open => is_admin || self.role == Some(Role::Host),
            RoomKind::Private => self.role == Some(Role::Host),
            RoomKind::Direct => false,
        }
    }

    fn has(&self, least: Role) -> bool {
        self.role.is_some_and(|role| role >= least) || self.manages()
    }
}

impl Need {
    /// The room that it is about.
    pub fn room(self) -> Option<RoomId> {
        match self {
            Self::Nothing | Self::Never | Self::Create(_) | Self::SetRank(..) => None,
            Self::See(room)
            | Self::Read(room)
            | Self::Join(room)
            | Self::Post(room)
            | Self::DeleteOwn(room)
            | Self::Add(room)
            | Self::ChangeTopic(room)
            | Self::Manage(room)
            | Self::Restore(room)
            | Self::Enter(room) => Some(room),
        }
    }
}

impl Oracle {
    /// Whether a person may have been allowed something: the room is looked at in `state`, the rank in
    /// `window`.
    pub fn permits(&self, person: PersonId, need: Need, state: Window, window: Window) -> bool {
        let ranks: Vec<Rank> = self.people[person].rank.possible(window).collect();
        let any_rank = |has: fn(Rank) -> bool| ranks.iter().any(|rank| has(*rank));
        let is_admin = |rank: Rank| matches!(rank, Rank::Admin | Rank::Owner);
        let room = match need {
            Need::Nothing => return true,
            Need::Never => return false,
            Need::Create(RoomKind::Open) => return any_rank(is_admin),
            Need::Create(_) => return any_rank(|rank| rank != Rank::Guest),
            Need::SetRank(from, to) => {
                let is_high = is_admin(from) || is_admin(to);
                let is_owner = any_rank(|rank| rank == Rank::Owner);
                return is_owner || (!is_high && any_rank(is_admin));
            }
            _ => need.room(),
        };
        let Some(room) = room.and_then(|room| self.rooms.get(&room)) else { return false };
        let exists = room.exists.is_possible(state, |()| true);
        (exists || matches!(need, Need::Restore(_)))
            && ranks.iter().any(|rank| room.permits(person, *rank, need, state))
    }
}

impl Room {
    fn permits(&self, person: PersonId, rank: Rank, need: Need, state: Window) -> bool {
        let mut roles: Vec<Option<Role>> = match self.members.get(&person) {
            Some(memberships) => memberships.possible(state).map(|it| Some(it.role)).collect(),
            None => Vec::new(),
        };
        // Whoever could have been a member could as a rule also not have been one yet.
        roles.push(None);
        self.kind.possible(state).any(|kind| {
            self.is_archived.possible(state).any(|is_archived| {
                roles.iter().any(|role| {
                    let case = Case { rank, role: *role, kind, is_archived };
                    self.permits_case(&case, need, state)
                })
            })
        })
    }

    fn permits_case(&self, case: &Case, need: Need, state: Window) -> bool {
        let mut policies = self.policies.possible(state);
        let is_active = !case.is_archived;
        match need {
            Need::See(_) => case.sees(),
            Need::Read(_) => case.role.is_some(),
            Need::DeleteOwn(_) => case.role.is_some() || case.manages(),
            // Joining a room that one is in does nothing.
            Need::Join(_) => {
                case.role.is_some()
                    || (case.kind == RoomKind::Open && case.rank != Rank::Guest && is_active)
            }
            Need::Post(_) => {
                let is_member = case.role.is_some();
                is_member && is_active && policies.any(|policies| case.has(policies.post))
            }
            Need::Add(_) => {
                case.kind != RoomKind::Direct
                    && case.rank != Rank::Guest
                    && is_active
                    && policies.any(|policies| case.has(policies.invite))
            }
            Need::ChangeTopic(_) => {
                case.kind != RoomKind::Direct
                    && is_active
                    && policies.any(|policies| case.has(policies.topic))
            }
            Need::Manage(_) | Need::Restore(_) => case.manages(),
            Need::Enter(_) => {
                case.kind != RoomKind::Direct && matches!(case.rank, Rank::Admin | Rank::Owner)
            }
            Need::Nothing | Need::Never | Need::Create(_) | Need::SetRank(..) => true,
        }
    }
}
