//! The rooms of the classic chat, and placeholders for rooms that only messages refer to.

use std::collections::BTreeSet;

use anyhow::Result;
use shared::{
    Timestamp,
    access::{History, Policies, RoomKind},
};

use super::{
    super::lines::{Member, Room},
    BATCH_ROWS, RoomPlan,
    accounts::Accounts,
    message_ids::SplitMessages,
    names::{ROOM_NAMES, TOPICS, assign_names, sanitize},
    source::{self, Source},
    texts,
};

/// Plans the lines of all rooms, and adds a placeholder room for messages that refer to no existing one.
/// Also returns the messages that must be split.
pub async fn plan(
    source: &Source,
    accounts: &Accounts,
    rows: Vec<source::Room>,
    with_messages: &[Option<i64>],
    notes: &mut Vec<String>,
) -> Result<(Vec<RoomPlan>, SplitMessages)> {
    let mut rows: Vec<(Option<i64>, source::Room)> =
        rows.into_iter().map(|row| (Some(row.id), row)).collect();
    let existing: BTreeSet<_> = rows.iter().map(|(classic_id, _)| *classic_id).collect();
    let max_id =
        rows.iter().map(|(_, row)| row.id).chain(with_messages.iter().flatten().copied()).max();
    let next_id = max_id.map_or(1, |id| id + 1);
    for classic_id in with_messages.iter().filter(|classic_id| !existing.contains(classic_id)) {
        let id = classic_id.unwrap_or(next_id);
        notes.push(format!("room {id}: created for messages without a room"));
        rows.push((*classic_id, placeholder(id)));
    }
    rows.sort_by_key(|(_, row)| row.id);
    let room_names: Vec<_> = rows.iter().map(|(_, row)| (row.id, &*row.name)).collect();
    let mut names = assign_names(&ROOM_NAMES, &room_names, notes);
    let mut plans = Vec::with_capacity(rows.len());
    let mut splits = SplitMessages::default();
    for (classic_id, row) in rows {
        let name = names.remove(&row.id).unwrap_or_default();
        let line = to_line(accounts, row, name, notes);
        let mut plan = RoomPlan { classic_id, line, members: Vec::new() };
        let parts = further_parts(source, classic_id).await?;
        plan.line.last_seq = source.count_messages(classic_id).await?
            + parts.iter().map(|(_, count)| count).sum::<i64>();
        splits.add(parts);
        add_members(source, accounts, &mut plan, notes).await?;
        plans.push(plan);
    }
    Ok((plans, splits))
}

fn placeholder(id: i64) -> source::Room {
    let name = format!("Lost messages {id}");
    let topic = String::new();
    source::Room { id, name, topic, created_by: None, created: None, updated: None }
}

/// The line of a room, with counters for no members and messages.
fn to_line(accounts: &Accounts, row: source::Room, name: String, notes: &mut Vec<String>) -> Room {
    let id = row.id;
    let (topic, reason) = match (TOPICS.validate)(&row.topic) {
        Ok(topic) => (topic, String::new()),
        Err(error) => {
            (sanitize(&TOPICS, &row.topic, id), format!(" (the topic {})", error.message))
        }
    };
    if topic != row.topic {
        notes.push(format!("room {id}: its topic {:?} is now {topic:?}{reason}", row.topic));
    }
    let creator = row.created_by.filter(|creator| accounts.get(*creator).is_some());
    let created_by = creator.unwrap_or_else(|| {
        notes.push(format!("room {id}: has no known creator; assigned to an admin"));
        accounts.default_creator()
    });
    let created_at = row.created.unwrap_or(Timestamp::UNIX_EPOCH);
    let updated_at = row.updated.unwrap_or(created_at);
    let (member_count, last_seq, last_rev, rev) = (0, 0, 1, 1);
    Room {
        id,
        name,
        topic: Some(topic),
        kind: RoomKind::Open,
        direct_key: None,
        history: History::All,
        open_from: 1,
        policies: Policies::default(),
        archived_at: None,
        is_default: false,
        binned_at: None,
        created_by,
        created_at,
        updated_at,
        member_count,
        last_seq,
        last_rev,
        rev,
    }
}

/// Adds the members and sets their counters. An author without membership becomes a member, because the
/// classic chat let people write without joining; a disabled one becomes a former member.
async fn add_members(
    source: &Source,
    accounts: &Accounts,
    plan: &mut RoomPlan,
    notes: &mut Vec<String>,
) -> Result<()> {
    let RoomPlan { classic_id, line, members } = plan;
    let current = match *classic_id {
        Some(id) => source.members(id).await?,
        None => Vec::new(),
    };
    let (mut current, unknown): (BTreeSet<i64>, BTreeSet<i64>) =
        current.into_iter().partition(|user| accounts.get(*user).is_some());
    if !unknown.is_empty() {
        notes.push(format!("room {}: members {unknown:?} have no account", line.id));
    }
    let authors = source.authors(*classic_id).await?.into_iter().map(|user| accounts.author(user));
    let (joining, former): (BTreeSet<i64>, BTreeSet<i64>) = authors
        .filter(|user| !current.contains(user))
        .partition(|user| accounts.get(*user).is_some_and(|account| !account.is_disabled));
    if !joining.is_empty() {
        let id = line.id;
        notes.push(format!(
            "room {id}: users {joining:?} wrote without joining; they are members now"
        ));
    }
    current.extend(joining);
    let all_members: BTreeSet<i64> = current.union(&former).copied().collect();
    line.last_rev = 1 + all_members.len() as i64 + line.last_seq;
    line.member_count = current.len() as i64;
    let member = |(user, rev): (i64, i64)| Member {
        room: line.id,
        user,
        joined_at: accounts
            .get(user)
            .map_or(line.created_at, |account| account.created_at.max(line.created_at)),
        left: !current.contains(&user),
        left_seq: None,
        read_seq: line.last_seq,
        rev,
        // The creator becomes the host.
        role: None,
        visible_from: 1,
        hidden_seq: None,
        favourite: None,
        is_muted: false,
        timed_out_until: None,
        ban: None,
    };
    *members = all_members.into_iter().zip(2..).map(member).collect();
    Ok(())
}

/// The messages of a room that must be split, by id, each with the number of its further parts.
async fn further_parts(source: &Source, classic_id: Option<i64>) -> Result<Vec<(i64, i64)>> {
    let (mut last_id, mut found) = (i64::MIN, Vec::new());
    loop {
        let rows = source.messages(classic_id, last_id, texts::FITS_BYTES, BATCH_ROWS).await?;
        let Some(row) = rows.last() else { return Ok(found) };
        last_id = row.id;
        let parts =
            |row: &source::Message| (row.id, texts::convert(&row.content).parts.len() as i64 - 1);
        found.extend(rows.iter().map(parts).filter(|(_, count)| *count > 0));
    }
}
