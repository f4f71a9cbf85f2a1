//! What an admin may do to an account, and the sentences of the audit log.

use serde::Serialize;
use shared::{
    access::Rank,
    administration::{AuditAction, AuditEntry},
    unicode::isolate,
    users::{MessageRetention, User},
};

/// What an admin does to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountAction {
    SetRank(Rank),
    RemoveName,
    Disable,
    Enable,
    SignOut,
    ResetPassword,
    Delete(MessageRetention),
}

/// The actions that the server allows to `me`. None to myself: the account menu has what one does to
/// one's own account.
pub fn account_actions(me: &User, account: &User) -> Vec<AccountAction> {
    use AccountAction::*;
    let is_above = me.rank == Rank::Owner || (me.rank.is_admin() && !account.rank.is_admin());
    if me.id == account.id || !is_above {
        return Vec::new();
    }
    let highest = if me.rank == Rank::Owner { Rank::Owner } else { Rank::Member };
    let ranks = [Rank::Guest, Rank::Member, Rank::Admin, Rank::Owner].into_iter();
    let ranks = ranks.filter(|rank| *rank <= highest && *rank != account.rank).map(SetRank);
    let switch = if account.is_disabled { Enable } else { Disable };
    let name = account.display_name.as_ref().map(|_| RemoveName);
    let delete = [MessageRetention::Keep, MessageRetention::Delete].map(Delete);
    ranks.chain(name).chain([SignOut, ResetPassword, switch]).chain(delete).collect()
}

impl AccountAction {
    /// The item of the menu, the title of the dialog and the button that confirms.
    pub fn label(self) -> &'static str {
        match self {
            Self::SetRank(Rank::Guest) => "Make guest",
            Self::SetRank(Rank::Member) => "Make member",
            Self::SetRank(Rank::Admin) => "Make admin",
            Self::SetRank(Rank::Owner) => "Make owner",
            Self::RemoveName => "Remove display name",
            Self::Disable => "Disable account",
            Self::Enable => "Enable account",
            Self::SignOut => "Sign out everywhere",
            Self::ResetPassword => "Set new password",
            Self::Delete(MessageRetention::Keep) => "Delete account",
            Self::Delete(MessageRetention::Delete) => "Delete account and messages",
        }
    }

    /// Says what will happen.
    pub fn consequence(self, name: &str) -> String {
        let name = isolate(name);
        match self {
            Self::SetRank(Rank::Guest) => {
                format!("{name} will see only the rooms they're in, and the people there.")
            }
            Self::SetRank(Rank::Member) => {
                format!("{name} will find and join open rooms, and create private ones.")
            }
            Self::SetRank(Rank::Admin) => {
                format!("{name} will manage accounts and open rooms.")
            }
            Self::SetRank(Rank::Owner) => {
                format!(
                    "{name} will manage everything, and decide who else is an admin or an owner."
                )
            }
            Self::RemoveName => format!("People will see {name} with their username again."),
            Self::Disable => {
                format!("{name} will be signed out at once and can't sign in. Their messages stay.")
            }
            Self::Enable => format!("{name} will be able to sign in again."),
            Self::SignOut => {
                format!("{name} will be signed out on all devices, and can sign in again.")
            }
            Self::Delete(MessageRetention::Keep) => format!(
                "{name} will be signed out at once and leave all rooms. The messages stay under the \
                 name “Deleted account”. This can't be undone."
            ),
            Self::Delete(MessageRetention::Delete) => format!(
                "{name} will be signed out at once and leave all rooms, and all their messages will be \
                 deleted. This can't be undone."
            ),
            Self::ResetPassword => format!(
                "{name} will be signed out on all devices. You'll see the new password once, to pass \
                 it on."
            ),
        }
    }
}

/// The name of a rank.
pub fn rank_name(rank: Rank) -> &'static str {
    match rank {
        Rank::Guest => "Guest",
        Rank::Member => "Member",
        Rank::Admin => "Admin",
        Rank::Owner => "Owner",
    }
}

/// The word that the API has for a value, such as `room_created`.
pub fn api_word(value: impl Serialize) -> String {
    let json = serde_json::to_string(&value).unwrap_or_default();
    json.trim_matches('"').to_owned()
}

/// The name of an action, for the filter of the audit log.
pub fn action_name(action: AuditAction) -> &'static str {
    match action {
        AuditAction::AccountCreated => "Account created",
        AuditAction::AccountApproved => "Account approved",
        AuditAction::RankChanged => "Rank changed",
        AuditAction::DisplayNameChanged => "Display name changed",
        AuditAction::AccountDisabled => "Account disabled",
        AuditAction::AccountEnabled => "Account enabled",
        AuditAction::AccountDeleted => "Account deleted",
        AuditAction::PasswordReset => "Password set",
        AuditAction::SignedOut => "Signed out everywhere",
        AuditAction::RoomCreated => "Room created",
        AuditAction::RoomDeleted => "Room deleted",
        AuditAction::RoomRestored => "Room restored from the bin",
        AuditAction::RoomConverted => "Room made open or private",
        AuditAction::RoomArchived => "Room archived",
        AuditAction::RoomUnarchived => "Room taken out of the archive",
        AuditAction::DefaultRoomAdded => "New people join a room",
        AuditAction::DefaultRoomRemoved => "New people no longer join a room",
        AuditAction::RoomEntered => "Private room entered",
        AuditAction::RoleChanged => "Role changed",
        AuditAction::MemberAdded => "Member added",
        AuditAction::MemberRemoved => "Member removed",
        AuditAction::MemberTimedOut => "Member timed out",
        AuditAction::TimeOutEnded => "Time-out ended",
        AuditAction::MemberBanned => "Member banned",
        AuditAction::MemberUnbanned => "Ban lifted",
        AuditAction::ReportClosed => "Report closed",
        AuditAction::InvitationCreated => "Invitation created",
        AuditAction::InvitationRevoked => "Invitation revoked",
        AuditAction::ServerRenamed => "Server renamed",
        AuditAction::SignUpChanged => "Sign-up changed",
        AuditAction::EmailDomainsChanged => "Domains for sign-up changed",
        AuditAction::CreateRoomsChanged => "Creating rooms changed",
        AuditAction::DirectChanged => "Direct messages changed",
    }
}

/// Who did it: "The command line" without an account.
pub fn actor_name(entry: &AuditEntry) -> String {
    let name = |id: i64, name: &str| match name {
        "" => format!("Account {id}"),
        name => name.to_owned(),
    };
    match &entry.actor {
        Some(actor) => name(actor.id.0, &actor.username),
        None => "The command line".to_owned(),
    }
}

/// What was done, as a sentence without its subject: "Made bob admin (was member)".
pub fn describe_entry(entry: &AuditEntry) -> String {
    let user = entry.user.as_ref().map_or("", |user| &user.username);
    let room = entry.room.as_ref().map_or("", |room| &room.name);
    let (user, room) = (isolate(user), isolate(room));
    let old = entry.from.as_deref().unwrap_or("?");
    let new = entry.to.as_deref().unwrap_or("?");
    match entry.action {
        AuditAction::AccountCreated => format!("Created the account {user} ({new})"),
        AuditAction::AccountApproved => format!("Approved the account {user}"),
        AuditAction::RankChanged => format!("Made {user} {new} (was {old})"),
        AuditAction::DisplayNameChanged => match (&entry.from, &entry.to) {
            // The account is deleted.
            (None, None) => format!("Changed the display name of {user}"),
            (_, None) => format!("Removed the display name {} of {user}", isolate(old)),
            (None, _) => format!("Gave {user} the display name {}", isolate(new)),
            _ => format!(
                "Changed the display name of {user} from {} to {}",
                isolate(old),
                isolate(new)
            ),
        },
        AuditAction::AccountDisabled => format!("Disabled {user}"),
        AuditAction::AccountEnabled => format!("Enabled {user}"),
        AuditAction::AccountDeleted => {
            // By its id, because it has no name any more.
            let id = entry.user.as_ref().map_or(0, |user| user.id.0);
            match new {
                "delete" => format!("Deleted account {id} and its messages"),
                _ => format!("Deleted account {id}; its messages stay"),
            }
        }
        AuditAction::PasswordReset => format!("Set a new password for {user}"),
        AuditAction::SignedOut => format!("Signed {user} out everywhere"),
        AuditAction::RoomCreated => format!("Created the {new} room “{room}”"),
        AuditAction::RoomDeleted if entry.to.is_some() => {
            format!("Moved the room “{room}” to the bin")
        }
        AuditAction::RoomDeleted => format!("Deleted the room “{room}” for good"),
        AuditAction::RoomRestored => format!("Restored the room “{room}” from the bin"),
        AuditAction::RoomConverted => format!("Made the room “{room}” {new} (was {old})"),
        AuditAction::RoomArchived => format!("Archived the room “{room}”"),
        AuditAction::RoomUnarchived => format!("Took the room “{room}” out of the archive"),
        AuditAction::DefaultRoomAdded => format!("Made new people join “{room}”"),
        AuditAction::DefaultRoomRemoved => format!("Stopped new people from joining “{room}”"),
        AuditAction::RoomEntered => format!("Entered the private room “{room}” as {new}"),
        AuditAction::RoleChanged => format!("Made {user} {new} of “{room}” (was {old})"),
        AuditAction::MemberAdded => format!("Added {user} to “{room}” as {new}"),
        AuditAction::MemberRemoved => format!("Removed {user} from “{room}”"),
        AuditAction::MemberTimedOut => {
            format!("Kept {user} from posting in “{room}” for {new} minutes")
        }
        AuditAction::TimeOutEnded => format!("Let {user} post in “{room}” again"),
        AuditAction::MemberBanned => format!("Banned {user} from “{room}”"),
        AuditAction::MemberUnbanned => format!("Lifted the ban of {user} from “{room}”"),
        AuditAction::ReportClosed => {
            format!("Closed a report of a message in “{room}” ({new})")
        }
        AuditAction::InvitationCreated => format!("Created an invitation ({new})"),
        AuditAction::InvitationRevoked => format!("Revoked an invitation ({old})"),
        AuditAction::ServerRenamed => format!("Named the server {new} (was {old})"),
        AuditAction::SignUpChanged => format!("Changed who may sign up to {new} (was {old})"),
        AuditAction::EmailDomainsChanged => {
            format!("Changed the domains for sign-up to {new} (was {old})")
        }
        AuditAction::CreateRoomsChanged => {
            format!("Changed who may create rooms to {new} (was {old})")
        }
        AuditAction::DirectChanged => {
            format!("Changed who may start direct messages to {new} (was {old})")
        }
    }
}

#[cfg(test)]
mod tests {
    use AccountAction::*;
    use shared::{administration::AuditRoom, users::UserRef};

    use super::*;

    fn account(id: i64, rank: Rank) -> User {
        User {
            id: id.into(),
            username: format!("user {id}"),
            display_name: None,
            pronouns: None,
            status: None,
            rank,
            is_admin: rank.is_admin(),
            is_disabled: false,
            is_pending: false,
            is_deleted: false,
            email: None,
            created_at: Default::default(),
        }
    }

    #[test]
    fn an_admin_changes_members_and_an_owner_everybody() {
        let (owner, admin) = (account(1, Rank::Owner), account(2, Rank::Admin));
        let (member, guest) = (account(3, Rank::Member), account(4, Rank::Guest));
        let deletes = [Delete(MessageRetention::Keep), Delete(MessageRetention::Delete)];
        let ends = [SignOut, ResetPassword, Disable].into_iter().chain(deletes);
        let with = |ranks: &[Rank]| {
            ranks.iter().map(|rank| SetRank(*rank)).chain(ends.clone()).collect::<Vec<_>>()
        };
        assert_eq!(account_actions(&admin, &member), with(&[Rank::Guest]));
        assert_eq!(account_actions(&admin, &guest), with(&[Rank::Member]));
        let all = [Rank::Guest, Rank::Member, Rank::Owner];
        assert_eq!(account_actions(&owner, &admin), with(&all));
        for (me, other) in [(&admin, &owner), (&admin, &admin), (&owner, &owner), (&member, &guest)]
        {
            assert_eq!(account_actions(me, other), []);
        }
        let named = User { display_name: Some("Boss".into()), ..member.clone() };
        assert!(account_actions(&admin, &named).contains(&RemoveName));
        let disabled = User { is_disabled: true, ..member };
        assert!(account_actions(&admin, &disabled).contains(&Enable));
    }

    #[test]
    fn an_entry_is_a_sentence() {
        let entry = AuditEntry {
            id: 7.into(),
            created_at: Default::default(),
            action: AuditAction::RoleChanged,
            actor: None,
            user: Some(UserRef { id: 3.into(), username: "bob".into(), display_name: None }),
            room: Some(AuditRoom { id: 5.into(), name: "Attic".into() }),
            from: Some("member".into()),
            to: Some("host".into()),
            address: None,
        };
        assert_eq!(describe_entry(&entry), "Made bob host of “Attic” (was member)");
        assert_eq!(actor_name(&entry), "The command line");
        let closed = AuditEntry {
            action: AuditAction::ReportClosed,
            user: None,
            to: Some("resolved".into()),
            ..entry.clone()
        };
        let sentence = "Closed a report of a message in “Attic” (resolved)";
        assert_eq!(describe_entry(&closed), sentence);
        let nameless = UserRef { id: 3.into(), username: String::new(), display_name: None };
        let by_nobody = AuditEntry { actor: Some(nameless), ..entry };
        assert_eq!(actor_name(&by_nobody), "Account 3");
    }

    #[test]
    fn each_action_has_its_own_name() {
        let mut names: Vec<_> = AuditAction::ALL.iter().map(|it| action_name(*it)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), AuditAction::ALL.len());
        assert_eq!(api_word(AuditAction::RoomEntered), "room_entered");
    }
}
