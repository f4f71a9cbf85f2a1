//! Who comes in: the settings of the server, and invitations.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::{Rank, RoomKind},
    ids::{InvitationId, RoomId},
    problem::Code,
    users::{InvitationToken, Password, UserRef},
};

pub mod email;

/// Who may create an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    /// Everybody.
    #[default]
    Open,
    /// Everybody with an invitation; members may invite.
    Invited,
    /// Everybody, but an admin must approve the account before it can sign in. Only admins invite.
    Approval,
    /// Everybody with an e-mail address in one of `email_domains`, who confirms it before the account can
    /// sign in. Only admins invite.
    Domain,
    /// Nobody, except with an invitation of an admin.
    Closed,
}

/// Who may create open rooms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreateRooms {
    /// Admins and owners.
    #[default]
    Admins,
    /// Everybody except guests.
    Members,
}

/// With whom members may begin direct rooms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DirectRooms {
    /// With everybody.
    #[default]
    All,
    /// With people who share a room with them.
    Shared,
}

/// Checks that an account may create a room of this kind; direct rooms have rules of their own.
pub fn check_create_room(rank: Rank, kind: RoomKind, setting: CreateRooms) -> Result<(), Code> {
    match kind {
        RoomKind::Direct => Err(Code::DirectRoom),
        _ if rank.is_admin() => Ok(()),
        RoomKind::Open if rank >= Rank::Member && setting == CreateRooms::Members => Ok(()),
        RoomKind::Open => Err(Code::AdminOnly),
        RoomKind::Private if rank >= Rank::Member => Ok(()),
        RoomKind::Private => Err(Code::RankTooLow),
    }
}

/// Whether an account may invite people who get this rank.
pub fn may_invite(by: Rank, sign_up: SignUp, rank: Rank) -> bool {
    let is_inviter = match sign_up {
        SignUp::Open | SignUp::Invited => by >= Rank::Member,
        SignUp::Approval | SignUp::Domain | SignUp::Closed => by.is_admin(),
    };
    let least = match rank {
        Rank::Guest | Rank::Member => Rank::Member,
        Rank::Admin => Rank::Owner,
        Rank::Owner => return false,
    };
    is_inviter && by >= least
}

/// `GET /server`: the settings of the server. Without a session, only what the page needs to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Server {
    /// Its name, 1 to 60 characters.
    pub name: String,
    /// Who may create an account.
    pub sign_up: SignUp,
    /// Whether there is an account. The first one becomes the owner.
    pub is_set_up: bool,
    /// The domains of the addresses with which people sign up, in lower case; without a session, only
    /// while `sign_up` is `domain`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_domains: Vec<String>,
    /// Whether the server can send mails, which `sign_up: domain` requires; absent without a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_smtp: Option<bool>,
    /// Who may create open rooms; absent without a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_rooms: Option<CreateRooms>,
    /// With whom members may begin direct rooms; absent without a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<DirectRooms>,
}

/// `PATCH /server`: a field that is left out stays unchanged.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PatchServer {
    /// 1 to 60 visible characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 60)))]
    pub name: Option<String>,
    /// Who may create an account. `domain` requires `email_domains` and a server that can send mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_up: Option<SignUp>,
    /// The domains of the addresses with which people sign up: at most 20, without subdomains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = 20)))]
    pub email_domains: Option<Vec<String>>,
    /// Who may create open rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_rooms: Option<CreateRooms>,
    /// With whom members may begin direct rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<DirectRooms>,
}

/// `POST /server`: names a server without accounts and creates its owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// The name of the server, 1 to 60 visible characters.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 60)))]
    pub name: String,
    /// Who may create an account from then on; not `domain`, which requires `email_domains`.
    #[serde(default)]
    pub sign_up: SignUp,
    /// The username of the owner, as in `POST /users`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 150)))]
    pub username: String,
    /// The password of the owner, as in `POST /users`.
    #[cfg_attr(feature = "schema", schemars(length(min = 8, max = 1024)))]
    pub password: Password,
}

/// `POST /invitations`: creates a link by which people create accounts and join rooms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// The rank of the accounts: `member` or `guest`; owners may also invite an `admin`.
    #[serde(default)]
    pub rank: Rank,
    /// The rooms that they join, at most 50. The caller must be allowed to add people to each.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 50)))]
    pub rooms: Vec<RoomId>,
    /// How many people may use it, 1 to 100; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub uses: Option<u32>,
    /// When it expires, at most 30 days from now; in 7 days by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// An invitation. Its token is stored only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invitation {
    /// The id for `DELETE /invitations/{id}`.
    pub id: InvitationId,
    /// The rank of the accounts that it creates.
    pub rank: Rank,
    /// The rooms that its users join, without those that the caller may not see.
    pub rooms: Vec<RoomId>,
    /// How many people may use it.
    pub uses: u32,
    /// Who has used it.
    pub used_by: Vec<UserRef>,
    /// Who created it.
    pub created_by: UserRef,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// A new invitation. Nobody can read its token again later.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreatedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// The link. The token is in its fragment, which browsers do not send to servers.
    pub url: String,
    /// The token.
    pub token: InvitationToken,
    /// The link as a QR code: an SVG image.
    pub qr: String,
}

/// `GET /invitations`: the invitations of the caller, or of all, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationList {
    /// One page of the list.
    pub invitations: Vec<Invitation>,
    /// The `before` of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<InvitationId>,
}

/// `POST /invitations/preview` and `POST /invitations/accept`: the invitation with a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// The token of the link.
    pub token: InvitationToken,
}

/// What somebody with a link learns before they use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvitationPreview {
    /// The name of the server.
    pub server: String,
    /// Whether it can be used now.
    pub is_valid: bool,
    /// The username of who invites; absent if it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<String>,
    /// The rank of the account that it creates; absent if it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<Rank>,
}

/// The response to `POST /invitations/accept`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AcceptedInvitation {
    /// Those rooms of the invitation that the caller is in now.
    pub rooms: Vec<RoomId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANKS: [Rank; 4] = [Rank::Guest, Rank::Member, Rank::Admin, Rank::Owner];

    #[test]
    fn members_invite_members_and_only_owners_invite_admins() {
        let invited = |by, sign_up| {
            RANKS.into_iter().filter(|rank| may_invite(by, sign_up, *rank)).collect::<Vec<_>>()
        };
        let people = vec![Rank::Guest, Rank::Member];
        for sign_up in [SignUp::Open, SignUp::Invited] {
            assert_eq!(invited(Rank::Guest, sign_up), []);
            assert_eq!(invited(Rank::Member, sign_up), people);
        }
        for sign_up in [SignUp::Approval, SignUp::Domain, SignUp::Closed] {
            assert_eq!(invited(Rank::Guest, sign_up), []);
            assert_eq!(invited(Rank::Member, sign_up), []);
        }
        use SignUp::{Approval, Closed, Domain, Invited, Open};
        for sign_up in [Open, Invited, Approval, Domain, Closed] {
            assert_eq!(invited(Rank::Admin, sign_up), people);
            assert_eq!(invited(Rank::Owner, sign_up), RANKS[..3]);
        }
    }

    #[test]
    fn the_setting_lets_members_create_open_rooms() {
        use CreateRooms::{Admins, Members};
        let outcome = |setting, kind| RANKS.map(|rank| check_create_room(rank, kind, setting));
        let (no, low) = (Err(Code::AdminOnly), Err(Code::RankTooLow));
        assert_eq!(outcome(Admins, RoomKind::Open), [no, no, Ok(()), Ok(())]);
        assert_eq!(outcome(Members, RoomKind::Open), [no, Ok(()), Ok(()), Ok(())]);
        for setting in [Admins, Members] {
            assert_eq!(outcome(setting, RoomKind::Private), [low, Ok(()), Ok(()), Ok(())]);
            assert_eq!(outcome(setting, RoomKind::Direct), [Err(Code::DirectRoom); 4]);
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = InvitationToken("secret".into());
        assert!(!format!("{:?}", InvitationRequest { token }).contains("secret"));
    }
}
