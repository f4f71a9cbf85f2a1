//! The whole server as one file, and back: for a backup that any database can take in, for moving to
//! another database, and for coming over from the chat that Hallway replaces.
//!
//! An archive is JSON Lines (UTF-8, each line ended by `\n`). Each line is an object with one field
//! that says what it is, of a shape in [`lines`]:
//!
//! ```text
//! {"hallway":{"format":1,"counts":{"users":2,..},"last_ids":{"users":2,..}}}
//! {"user":{"id":1,"username":"Ada","password_hash":"$argon2id$..",..}}
//! {"user":{"id":2,..}}
//! {"room":{"id":1,"name":"Lobby",..,"last_seq":1,"last_rev":3,"rev":1}}
//! {"member":{"room":1,"user":1,..,"left":false,"read_seq":1,"rev":2}}
//! {"message":{"id":7,"room":1,"seq":1,"rev":3,"user":1,"client_id":"..","content":"Hello",..}}
//! {"end":{"counts":{"users":2,..},"sha256":".."}}
//! ```
//!
//! Accounts come first, by number, then each room by number, with its members and then its messages
//! in their order: whoever reads it needs to look back at nothing. Moments are RFC 3339 in UTC with
//! microseconds. The same state is the same bytes, whichever database it is in.
//!
//! Everything is in it but sign-ins, the key that signs them, rooms that are being deleted, and the
//! search index, which is made anew.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::tables::{Database, lock_first_account, set_last_generated_id};

mod check;
mod classic;
mod failure;
mod file;
mod lines;
mod load;
mod progress;
mod read;
mod rows;
mod write;

pub use failure::Failure;
pub use lines::Counts;
use lines::LastIds;
use load::{Loader, is_empty};

/// What has come over from the classic chat.
pub struct Report {
    /// How much.
    pub counts: Counts,
    /// What is not as it was, a sentence each.
    pub notes: Vec<String>,
}

/// Writes a snapshot of the whole database to a file. A server may run on it meanwhile.
pub async fn export(db: &Database, path: &Path) -> Result<Counts, Failure> {
    let mut out = file::Destination::create(path)?;
    let txn = db.snapshot().await?;
    let counts = write::write(&txn, &mut out).await?;
    txn.rollback().await?;
    out.finish()?;
    Ok(counts)
}

/// Imports an archive into an empty database in one transaction.
pub async fn import(db: &Database, path: &Path) -> Result<Counts, Failure> {
    let (mut archive, header) = read::Archive::open(file::open(path)?)?;
    let txn = begin(db, header.last_ids).await?;
    let mut loader = Loader::new(&txn, header);
    while let Some(line) = archive.next()? {
        let at = |failure: Failure| failure.at(format!("line {}", archive.number()));
        loader.take(line).await.map_err(at)?;
    }
    let counts = loader.finish().await?;
    txn.commit().await?;
    Ok(counts)
}

/// Imports the database of the classic chat at `url` into an empty database in one transaction.
pub async fn import_classic(db: &Database, url: &str) -> Result<Report, Failure> {
    let classic = classic::Classic::open(url).await?;
    let txn = begin(db, classic.header().last_ids).await?;
    let mut loader = Loader::new(&txn, classic.header());
    let notes = classic.tell(&mut loader).await?;
    let counts = loader.finish().await?;
    txn.commit().await?;
    Ok(Report { counts, notes })
}

/// The transaction that writes all of it: what fails leaves an empty database behind.
async fn begin(db: &Database, last: LastIds) -> Result<DatabaseTransaction, Failure> {
    check_empty(&db.writer).await?;
    let tables = [("users", last.users), ("rooms", last.rooms), ("messages", last.messages)];
    for (table, number) in tables {
        check::number(table, number, 0, check::NUMBER_MAX)
            .map_err(|error| Failure::from(error).at("line 1: last_ids"))?;
        set_last_generated_id(&db.writer, table, number).await?;
    }
    let txn = db.begin_without_idle_timeout().await?;
    // Another node may serve the empty database: nobody registers there until this is done.
    lock_first_account(&txn).await?;
    check_empty(&txn).await?;
    Ok(txn)
}

async fn check_empty(db: &impl ConnectionTrait) -> Result<(), Failure> {
    if is_empty(db).await? {
        return Ok(());
    }
    Err("there are accounts or rooms in this database already, and nothing can be added to them: \
         name an empty one by --data or --database-url"
        .into())
}
