//! Runs a workload on a real server, without faults and with kills.

use std::{path::PathBuf, time::Duration};

use tempfile::TempDir;
use tokio::{sync::watch, time::sleep};

use super::*;
use crate::{
    checker::check,
    history::{Event, FaultPhase, History},
    services::{Hallway, ServerOptions, Service},
};

const TIMEOUT: Duration = Duration::from_secs(30);

/// The server program: the one in `HALLWAY_SERVER`, or the one that was built beside this test.
fn server_path() -> PathBuf {
    let named = std::env::var_os("HALLWAY_SERVER").map(PathBuf::from);
    let beside = || std::env::current_exe().unwrap().with_file_name("../hallway");
    let path = named.unwrap_or_else(beside);
    assert!(path.exists(), "{} does not exist: cargo build -p hallway", path.display());
    path
}

async fn start(data: &TempDir) -> Hallway {
    let data = data.path().join("data");
    std::fs::create_dir(&data).unwrap();
    Hallway::start(&server_path(), ServerOptions::new(&data)).await.unwrap()
}

fn count(history: &History, matches: fn(&Event) -> bool) -> usize {
    history.0.iter().filter(|entry| matches(&entry.event)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workload_records_all_kinds_of_events_without_violations() {
    let data = TempDir::new().unwrap();
    let hallway = start(&data).await;
    let fixture = Fixture::create(hallway.address(), 4, 3).await.unwrap();
    let (_addresses, nodes) = watch::channel(vec![hallway.address()]);
    let removal_interval = Some(Duration::from_secs(1));
    let workload = Workload { removal_interval, ..Workload::new(nodes, fixture) };
    let running = workload.start(Recorder::default()).unwrap();
    assert!(running.wait_until_connected(TIMEOUT).await, "{:?}", running.connected());
    sleep(Duration::from_secs(8)).await;
    assert!(running.acks() > 200, "{} acks", running.acks());
    let history = running.stop(2 * TIMEOUT).await.unwrap();
    let violations = check(&history);
    assert!(violations.is_empty(), "{}", violations[0]);
    let count = |matches| count(&history, matches);
    assert!(count(|event| matches!(event, Event::Change { .. })) > 2_000);
    assert_eq!(count(|event| matches!(event, Event::NodeState(_))), 3);
    assert_eq!(count(|event| matches!(event, Event::ReaderState(_))), 60, "30 readers of 2 rooms");
    assert!(count(|event| matches!(event, Event::Deleted { .. })) > 5);
    assert!(count(|event| matches!(event, Event::Edited { .. })) > 5);
    assert!(count(|event| matches!(event, Event::Reacted { .. })) > 5);
    assert!(count(|event| matches!(event, Event::LeftRoom { .. })) > 0);
    assert!(count(|event| matches!(event, Event::ReadPaused)) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_no_violations() {
    let data = TempDir::new().unwrap();
    let hallway = start(&data).await;
    let fixture = Fixture::create(hallway.address(), 2, 1).await.unwrap();
    let (_addresses, nodes) = watch::channel(vec![hallway.address()]);
    // A high rate, so that messages are always in flight.
    let workload = Workload { rate: 1_000.0, readers: 6, ..Workload::new(nodes, fixture) };
    let running = workload.start(Recorder::default()).unwrap();
    for _ in 0..3 {
        assert!(running.wait_until_connected(TIMEOUT).await, "{:?}", running.connected());
        sleep(Duration::from_millis(700)).await;
        running.record_fault("kill", FaultPhase::Begin);
        hallway.kill().unwrap();
        hallway.restart().await.unwrap();
        running.record_fault("kill", FaultPhase::End);
    }
    let history = running.stop(2 * TIMEOUT).await.unwrap();
    let violations = check(&history);
    assert!(violations.is_empty(), "{}", violations[0]);
    let unknown = count(&history, |event| matches!(event, Event::Unknown { .. }));
    assert!(unknown > 3, "no message was in flight at a kill");
}
