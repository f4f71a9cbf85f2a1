//! The handlers of the lists of members and people.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    access::{Rank, Role},
    ids::UserId,
    problem::{Code, FieldError},
    rooms::{MemberList, MemberListing, People},
    rules,
};

use super::{
    Membership,
    handlers::{check_limit, page_default},
    queries::{self, MemberFilter},
};
use crate::{
    App, Result,
    auth::Caller,
    http::extract::{Json, Query},
    tables::now,
};

/// Selects members.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct MembersQuery {
    /// Only accounts with a greater id.
    #[serde(default)]
    after: UserId,
    /// 1 to 200.
    #[serde(default = "page_default")]
    #[schemars(range(min = 1, max = 200))]
    limit: u64,
    /// Only members with this role.
    role: Option<Role>,
    /// Only members whose username or display name contains this text, ignoring case; at most 150 characters.
    #[schemars(length(max = 150))]
    q: Option<String>,
}

/// Selects users.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeopleQuery {
    /// A part of the username or the display name, ignoring case; at most 150 characters.
    #[serde(default)]
    #[schemars(length(max = 150))]
    q: String,
    /// Where to look.
    #[serde(default)]
    scope: PeopleScope,
}

/// Whom a search for people finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeopleScope {
    /// The users who share a room with the caller, and the caller.
    #[default]
    Rooms,
    /// Every user of the server. Not for guests.
    Server,
}

impl PeopleScope {
    /// Whether an account may search there: a guest does not know the people outside of their rooms.
    fn may_search(self, rank: Rank) -> bool {
        self == Self::Rooms || rank >= Rank::Member
    }
}

/// Trims a part of a username: 422 if it is longer than any username.
fn check_name_part(q: &str) -> Result<&str> {
    let (length, max) = (q.chars().count(), rules::USERNAME_MAX_CHARS);
    if length > max {
        let message = format!("must be at most {max} characters, but is {length}");
        return Err(FieldError::new("q", message).into());
    }
    Ok(q.trim())
}

pub async fn list_people(
    State(app): State<App>,
    Caller { user, .. }: Caller,
    Query(PeopleQuery { q, scope }): Query<PeopleQuery>,
) -> Result<Json<People>> {
    let q = check_name_part(&q)?.to_owned();
    if !scope.may_search(user.rank) {
        return Err(Code::RankTooLow.into());
    }
    // Needs a permit, because the query is as expensive as a search and a client can send one for
    // every keystroke.
    let (permit, db) = (app.limits.searches.acquire(user.id).await?, app.db.searcher.clone());
    let find = async move {
        match scope {
            PeopleScope::Rooms => queries::list_people(&db, user.id, &q).await,
            PeopleScope::Server => queries::list_accounts(&db, &q).await,
        }
    };
    Ok(Json(People { people: permit.run(find).await? }))
}

pub async fn list_members(
    State(app): State<App>,
    membership: Membership,
    Query(MembersQuery { after, limit, role, q }): Query<MembersQuery>,
) -> Result<Json<MemberList>> {
    let (limit, room) = (check_limit(limit)?, membership.room_id());
    let q = check_name_part(q.as_deref().unwrap_or_default())?.to_owned();
    let is_search = role.is_some() || !q.is_empty();
    let filter = MemberFilter { after, role, q };
    let (rows, next) = match is_search {
        // As in [`list_people`]: the query may read all members, and there is one for every keystroke.
        true => {
            let permit = app.limits.searches.acquire(membership.caller.user.id).await?;
            let db = app.db.searcher.clone();
            let find = async move { queries::list_members(&db, room, &filter, limit).await };
            permit.run(find).await?
        }
        false => queries::list_members(&app.db.reader, room, &filter, limit).await?,
    };
    let (online, now) = (app.hub.online_users(room), now());
    let members = rows.into_iter().map(|(row, user)| {
        let online = online.contains(&UserId(user.id));
        MemberListing { member: row.to_member(&user), online, status: user.status(now) }
    });
    Ok(Json(MemberList { members: members.collect(), next }))
}
