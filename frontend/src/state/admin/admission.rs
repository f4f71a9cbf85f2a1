//! Invitations and the settings of the server: their words on the page.

use shared::{
    Timestamp,
    access::Rank,
    admission::{CreateRooms, DirectRooms, Invitation, SignUp},
    users::InvitationToken,
};

/// A choice: its value, its label, and what it means.
pub type Choice<T> = (T, &'static str, &'static str);

pub const SIGN_UP: [Choice<SignUp>; 4] = [
    (SignUp::Open, "Everybody", "Whoever reaches this server creates an account."),
    (SignUp::Invited, "By invitation", "Members invite others by a link."),
    (
        SignUp::Approval,
        "With approval",
        "An admin approves each new account before it can sign in.",
    ),
    (SignUp::Closed, "Nobody", "Only admins create accounts and invite."),
];

/// The choices on a server that can send mails.
pub const SIGN_UP_BY_MAIL: [Choice<SignUp>; 5] = [
    SIGN_UP[0],
    SIGN_UP[1],
    (
        SignUp::Domain,
        "By e-mail address",
        "People with an address in your domains confirm it by a link.",
    ),
    SIGN_UP[2],
    SIGN_UP[3],
];

pub const CREATE_ROOMS: [Choice<CreateRooms>; 2] = [
    (CreateRooms::Admins, "Admins", "Members still create private rooms."),
    (CreateRooms::Members, "All members", "Everybody except guests."),
];

pub const DIRECT: [Choice<DirectRooms>; 2] = [
    (DirectRooms::All, "With everybody", "Members begin direct rooms with anybody."),
    (DirectRooms::Shared, "With people they know", "Only with people who share a room with them."),
];

/// The domains in a field, separated by commas or blanks.
pub fn domains_in(text: &str) -> Vec<String> {
    let names = text.split([',', ';', ' ', '\n']).filter(|name| !name.is_empty());
    names.map(ToOwned::to_owned).collect()
}

const RANKS: [Choice<Rank>; 3] = [
    (Rank::Member, "Members", "They find open rooms and join them."),
    (Rank::Guest, "Guests", "They see only the rooms that you choose, and the people in them."),
    (Rank::Admin, "Admins", "They manage accounts, rooms and this server."),
];

/// The ranks that somebody may invite.
pub fn ranks(by: Rank) -> &'static [Choice<Rank>] {
    if by == Rank::Owner { &RANKS } else { &RANKS[..2] }
}

/// The token in the fragment of an invitation's address, such as `#c0ffee`.
pub fn token_in(fragment: &str) -> Option<InvitationToken> {
    let token = fragment.trim_start_matches('#');
    (!token.is_empty()).then(|| InvitationToken(token.to_owned()))
}

/// Whether an invitation can still be used, as far as its list tells.
pub fn is_usable(invitation: &Invitation, now: Timestamp) -> bool {
    invitation.revoked_at.is_none()
        && invitation.expires_at > now
        && invitation.used_by.len() < invitation.uses as usize
}

/// Why an invitation cannot be used, or how often it was.
pub fn describe_uses(invitation: &Invitation, now: Timestamp) -> String {
    let Invitation { uses, used_by, .. } = invitation;
    match used_by.len() {
        _ if invitation.revoked_at.is_some() => "Revoked".into(),
        used if used >= *uses as usize => "Used up".into(),
        _ if invitation.expires_at <= now => "Expired".into(),
        used => format!("Used {used} of {uses}"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone, Utc};
    use shared::users::UserRef;

    use super::*;

    fn invitation(uses: u32, used: i64) -> (Invitation, Timestamp) {
        let now = Utc.with_ymd_and_hms(2026, 11, 28, 18, 0, 0).unwrap();
        let user =
            |id: i64| UserRef { id: id.into(), username: format!("user {id}"), display_name: None };
        let invitation = Invitation {
            id: 1.into(),
            rank: Rank::Member,
            rooms: Vec::new(),
            uses,
            used_by: (2..2 + used).map(user).collect(),
            created_by: user(1),
            created_at: now,
            expires_at: now + TimeDelta::days(7),
            revoked_at: None,
        };
        (invitation, now)
    }

    #[test]
    fn an_invitation_says_why_it_cannot_be_used() {
        let text = |invitation: &Invitation, now| {
            (describe_uses(invitation, now), is_usable(invitation, now))
        };
        let (open, now) = invitation(3, 1);
        assert_eq!(text(&open, now), ("Used 1 of 3".into(), true));
        assert_eq!(text(&open, now + TimeDelta::days(7)), ("Expired".into(), false));
        let revoked = Invitation { revoked_at: Some(now), ..open };
        assert_eq!(text(&revoked, now), ("Revoked".into(), false));
        let (full, now) = invitation(2, 2);
        assert_eq!(text(&full, now), ("Used up".into(), false));
    }

    #[test]
    fn the_token_is_in_the_fragment() {
        assert_eq!(token_in("#c0ffee"), Some(InvitationToken("c0ffee".into())));
        assert_eq!((token_in("#"), token_in("")), (None, None));
    }

    #[test]
    fn domains_are_separated_by_commas_or_blanks() {
        assert_eq!(
            domains_in("a.example,b.example, c.example "),
            ["a.example", "b.example", "c.example"]
        );
        assert!(domains_in(" , ").is_empty());
    }

    #[test]
    fn only_an_owner_invites_admins() {
        assert!(ranks(Rank::Owner).iter().any(|(rank, ..)| *rank == Rank::Admin));
        for rank in [Rank::Member, Rank::Admin] {
            assert!(ranks(rank).iter().all(|(rank, ..)| *rank <= Rank::Member));
        }
    }
}
