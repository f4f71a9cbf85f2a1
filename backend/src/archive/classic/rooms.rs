//! Rooms of the classic chat, and those that only its messages know.

use std::collections::BTreeSet;

use shared::Timestamp;

use super::{
    super::{
        failure::Result,
        lines::{Member, Room},
    },
    CHUNK, Plan,
    names::{ROOM_NAMES, TOPICS, mend, settle},
    people::People,
    source::{self, Source},
    texts,
};

/// The rooms, and one for messages whose room is no more.
pub async fn plan(
    source: &Source,
    people: &People,
    rows: Vec<source::Room>,
    spoken: &[Option<i64>],
    notes: &mut Vec<String>,
) -> Result<Vec<Plan>> {
    let mut rows: Vec<(Option<i64>, source::Room)> =
        rows.into_iter().map(|row| (Some(row.id), row)).collect();
    let known: BTreeSet<_> = rows.iter().map(|(from, _)| *from).collect();
    let greatest = rows.iter().map(|(_, row)| row.id).chain(spoken.iter().flatten().copied()).max();
    let next = greatest.map_or(1, |id| id + 1);
    for from in spoken.iter().filter(|from| !known.contains(from)) {
        let id = from.unwrap_or(next);
        notes.push(format!("room {id}: made for messages whose room is not there"));
        rows.push((*from, lost(id)));
    }
    rows.sort_by_key(|(_, row)| row.id);
    let given: Vec<_> = rows.iter().map(|(_, row)| (row.id, &*row.name)).collect();
    let mut names = settle(&ROOM_NAMES, &given, notes);
    let mut plans = Vec::with_capacity(rows.len());
    for (from, row) in rows {
        let name = names.remove(&row.id).unwrap_or_default();
        let line = room(people, row, name, notes);
        plans.push(fill(source, people, from, line, notes).await?);
    }
    Ok(plans)
}

fn lost(id: i64) -> source::Room {
    let name = format!("Lost messages {id}");
    let topic = String::new();
    source::Room { id, name, topic, created_by: None, created: None, updated: None }
}

/// A room without anybody or anything in it.
fn room(people: &People, row: source::Room, name: String, notes: &mut Vec<String>) -> Room {
    let id = row.id;
    let topic = (TOPICS.rule)(&row.topic).unwrap_or_else(|error| {
        let topic = mend(&TOPICS, &row.topic, id);
        notes.push(format!("room {id}: its topic {:?} {}", row.topic, error.message));
        topic
    });
    let creator = row.created_by.filter(|creator| people.get(*creator).is_some());
    let created_by = creator.unwrap_or_else(|| {
        notes.push(format!("room {id}: nobody is known to have made it; an admin stands for them"));
        people.first()
    });
    let created_at = row.created.unwrap_or(Timestamp::UNIX_EPOCH);
    let updated_at = row.updated.unwrap_or(created_at);
    let (member_count, last_seq, last_rev, rev) = (0, 0, 1, 1);
    Room {
        id,
        name,
        topic,
        created_by,
        created_at,
        updated_at,
        member_count,
        last_seq,
        last_rev,
        rev,
    }
}

/// Who is in it and how much was said. Whoever spoke there and is not in it has left.
async fn fill(
    source: &Source,
    people: &People,
    from: Option<i64>,
    mut line: Room,
    notes: &mut Vec<String>,
) -> Result<Plan> {
    let present = match from {
        Some(id) => source.members(id).await?,
        None => Vec::new(),
    };
    let (present, strangers): (BTreeSet<i64>, BTreeSet<i64>) =
        present.into_iter().partition(|user| people.get(*user).is_some());
    if !strangers.is_empty() {
        notes.push(format!("room {}: members {strangers:?} have no account", line.id));
    }
    let authors = source.authors(from).await?.into_iter().map(|user| people.author(user));
    let everyone: BTreeSet<i64> = authors.chain(present.iter().copied()).collect();
    line.last_seq = source.count(from).await? + extra_parts(source, from).await?;
    line.last_rev = 1 + everyone.len() as i64 + line.last_seq;
    line.member_count = present.len() as i64;
    let member = |(user, rev): (i64, i64)| Member {
        room: line.id,
        user,
        joined_at: people
            .get(user)
            .map_or(line.created_at, |who| who.created_at.max(line.created_at)),
        left: !present.contains(&user),
        read_seq: line.last_seq,
        rev,
    };
    let members = everyone.into_iter().zip(2..).map(member).collect();
    Ok(Plan { from, line, members })
}

/// How many more messages there will be than there were.
async fn extra_parts(source: &Source, from: Option<i64>) -> Result<i64> {
    let (mut last, mut extra) = (i64::MIN, 0);
    loop {
        let some = source.messages(from, last, texts::FITS, CHUNK).await?;
        let Some(row) = some.last() else { return Ok(extra) };
        last = row.id;
        let parts = some.iter().map(|row| texts::tell(&row.content).parts.len() as i64 - 1);
        extra += parts.sum::<i64>();
    }
}
