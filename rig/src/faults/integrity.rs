//! Checks the integrity of a SQLite database file.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use tempfile::TempDir;

const FILE: &str = "hallway.sqlite";

/// Copies the database from a data directory. The check must use a copy, because it recovers the
/// WAL and so changes the files.
pub fn copy_database(data: &Path) -> Result<TempDir> {
    let copy = tempfile::Builder::new().prefix("rig-").tempdir()?;
    for file in fs::read_dir(data)? {
        let file = file?;
        let name = file.file_name();
        let text = name.to_string_lossy();
        // SQLite creates a new shared memory file.
        if text.starts_with(FILE) && !text.ends_with("-shm") {
            fs::copy(file.path(), copy.path().join(&name))?;
        }
    }
    Ok(copy)
}

/// The number of errors that SQLite finds in the database of a data directory.
pub fn count_errors(data: &Path) -> Result<usize> {
    let file = data.join(FILE);
    ensure!(file.is_file(), "{} does not exist", file.display());
    let db = Connection::open(&file).with_context(|| file.display().to_string())?;
    let mut lines = Vec::new();
    for pragma in ["integrity_check", "foreign_key_check"] {
        let mut statement = db.prepare(&format!("PRAGMA {pragma}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            lines.push(row.get::<_, Option<String>>(0)?.unwrap_or_default());
        }
    }
    Ok(lines.iter().filter(|line| *line != "ok").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_in_a_damaged_file_only() {
        let dir = tempfile::tempdir().unwrap();
        let db = Connection::open(dir.path().join(FILE)).unwrap();
        db.execute_batch(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT UNIQUE);\n\
             CREATE TABLE b (a INTEGER REFERENCES a);\n\
             INSERT INTO a (x) VALUES ('one'), ('two');",
        )
        .unwrap();
        assert_eq!(count_errors(copy_database(dir.path()).unwrap().path()).unwrap(), 0);
        db.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO b VALUES (7);").unwrap();
        assert_eq!(count_errors(dir.path()).unwrap(), 1);
    }
}
