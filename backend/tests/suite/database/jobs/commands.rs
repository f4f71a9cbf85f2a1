//! `hallway jobs`, and the metrics.

use hallway::tables::Database;
use sea_orm::ConnectionTrait;
use shared::paths;

use super::{jobs, leave_one_attempt, wait_for_jobs};
use crate::{
    database::{query_number, refuse, wait_for_metric, wait_for_number},
    fixture::{Process, Storage, template},
};

const PURGE: &str = "purge_room";

/// Runs `hallway jobs` with these arguments; returns the exit code, and both outputs.
async fn run_jobs(storage: &Storage, arguments: &[&str]) -> (Option<i32>, String) {
    let (code, stdout, stderr) = storage.run(&[&["jobs"], arguments].concat()).await;
    (code, stdout + &stderr)
}

#[tokio::test]
async fn a_dead_job_is_listed_counted_retried_and_discarded() {
    let storage = template().copy().await;
    let server = Process::start(&storage).await;
    let (seed, db) = (&template().seed, Database::open_existing(&storage.url(), 2).await.unwrap());
    let admin = seed.person(server.address, 0);
    let permit = refuse(&db.writer, "messages", "DELETE").await;
    let path = format!("{}?now=true", paths::fill(paths::ROOM, &[&seed.room]));
    admin.delete(&path).await.expect_status(204);
    wait_for_jobs(&db.writer, PURGE, |jobs| jobs[0].attempts > 0).await;
    leave_one_attempt(&db.writer, PURGE).await;
    wait_for_jobs(&db.writer, PURGE, |jobs| jobs[0].dead_at.is_some()).await;
    let id = jobs(&db.reader, PURGE).await[0].id.to_string();

    let (code, text) = run_jobs(&storage, &[]).await;
    assert_eq!(code, Some(0), "{text}");
    let lines: Vec<_> = text.lines().collect();
    let dead = format!("{id}\t{PURGE}\t{}\tdead since ", seed.room);
    assert!(lines[0].starts_with(&dead) && lines[0].contains("attempts: 100"), "{text}");
    assert!(text.contains("delete_expired_sessions\t0\twaiting until "), "{text}");
    wait_for_metric(&admin, r#"hallway_jobs_dead{kind="purge_room"} 1"#).await;
    wait_for_metric(&admin, r#"hallway_jobs_due{kind="purge_room"} 0"#).await;
    wait_for_metric(&admin, r#"hallway_job_runs_total{kind="purge_room",outcome="dead"} 1"#).await;

    let recurring = jobs(&db.reader, "delete_expired_sessions").await[0].id.to_string();
    let (code, text) = run_jobs(&storage, &["discard", &recurring]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("is not dead"), "{text}");
    let (code, text) = run_jobs(&storage, &["retry", "999999"]).await;
    assert_eq!((code, text.contains("there is no job 999999")), (Some(1), true), "{text}");

    db.writer.execute_unprepared(&permit).await.unwrap();
    let (code, text) = run_jobs(&storage, &["retry", &id]).await;
    assert_eq!((code, text), (Some(0), format!("Job {id} will be tried again.\n")));
    let room = format!("SELECT count(*) FROM rooms WHERE id = {}", seed.room);
    wait_for_number(&db.writer, &room, 0).await;
    wait_for_jobs(&db.writer, PURGE, <[_]>::is_empty).await;
    wait_for_metric(&admin, r#"hallway_jobs_dead{kind="purge_room"} 0"#).await;
}

#[tokio::test]
async fn a_discarded_job_is_gone() {
    let storage = template().copy().await;
    let server = Process::start(&storage).await;
    let (seed, db) = (&template().seed, Database::open_existing(&storage.url(), 2).await.unwrap());
    refuse(&db.writer, "messages", "DELETE").await;
    let path = format!("{}?now=true", paths::fill(paths::ROOM, &[&seed.room]));
    seed.person(server.address, 0).delete(&path).await.expect_status(204);
    wait_for_jobs(&db.writer, PURGE, |jobs| jobs[0].attempts > 0).await;
    leave_one_attempt(&db.writer, PURGE).await;
    wait_for_jobs(&db.writer, PURGE, |jobs| jobs[0].dead_at.is_some()).await;
    let id = jobs(&db.reader, PURGE).await[0].id.to_string();
    let (code, text) = run_jobs(&storage, &["discard", &id]).await;
    assert_eq!((code, text), (Some(0), format!("Job {id} is discarded.\n")));
    assert!(jobs(&db.reader, PURGE).await.is_empty());
    // Nobody sees the rows that stay.
    let rooms = format!("SELECT count(*) FROM rooms WHERE id = {}", seed.room);
    assert_eq!(query_number(&db.reader, &rooms).await, 1);
    let path = paths::fill(paths::ROOM, &[&seed.room]);
    seed.person(server.address, 0).get(&path).await.expect_status(404);
}

#[tokio::test]
async fn the_help_explains_jobs() {
    let (code, stdout, _) = crate::fixture::run(&["jobs", "--help"]).await;
    assert_eq!(code, Some(0));
    for text in ["retry", "discard", "100 attempts", "--data", "DATABASE_URL"] {
        assert!(stdout.contains(text), "{text} is not in {stdout}");
    }
}
