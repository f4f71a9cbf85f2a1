//! People on a real server of our own: nothing is wrong with it, and they can tell.

use std::{path::PathBuf, time::Duration};

use tempfile::TempDir;
use tokio::{sync::watch, time::sleep};

use super::*;
use crate::{
    checker::check,
    history::{Event, Phase as FaultPhase},
    services::{Hallway, ServerOptions, Service},
};

/// Far more than anything needs that is not about time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server that was built beside this test, or the one that `HALLWAY_SERVER` names.
fn server() -> PathBuf {
    let named = std::env::var_os("HALLWAY_SERVER").map(PathBuf::from);
    let beside = || std::env::current_exe().unwrap().with_file_name("../hallway");
    let path = named.unwrap_or_else(beside);
    assert!(path.exists(), "{} is not there: cargo build -p hallway", path.display());
    path
}

async fn start(data: &TempDir) -> Hallway {
    let data = data.path().join("data");
    std::fs::create_dir(&data).unwrap();
    Hallway::start(&server(), ServerOptions::new(&data)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_talk_read_and_find_nothing_wrong() {
    let data = TempDir::new().unwrap();
    let hallway = start(&data).await;
    let stage = setup(hallway.address(), 4, 3).await.unwrap();
    let (_moved, nodes) = watch::channel(vec![hallway.address()]);
    let workload =
        Workload { removal_every: Some(Duration::from_secs(1)), ..Workload::new(nodes, stage) };
    let running = workload.start(Recorder::default()).await.unwrap();
    assert!(running.until_resumed(PATIENCE).await, "{:?}", running.resumed());
    sleep(Duration::from_secs(6)).await;
    let began = running.note("reconnect storm", FaultPhase::Begin);
    running.hang_up();
    sleep(Duration::from_millis(500)).await;
    assert!(running.until_resumed(PATIENCE).await, "{:?}", running.resumed());
    running.note("reconnect storm", FaultPhase::End);
    sleep(Duration::from_secs(2)).await;
    let (acks, deliveries) = (running.acks(), running.deliveries());
    assert!(acks > 200 && deliveries > 2_000, "{acks} acks, {deliveries} deliveries");
    let calm = running.summary(Measure::Delivery, Duration::from_secs(1), began);
    assert!(calm.count > 1_000 && calm.p50 > Duration::ZERO && calm.max >= calm.p99, "{calm:?}");
    let history = running.stop(2 * PATIENCE).await.unwrap();
    let violations = check(&history);
    assert!(violations.is_empty(), "{}", violations[0]);
    let count =
        |is_it: fn(&Event) -> bool| history.0.iter().filter(|entry| is_it(&entry.event)).count();
    assert_eq!(count(|event| matches!(event, Event::Final(_))), 3);
    assert_eq!(count(|event| matches!(event, Event::Fold(_))), 60, "30 readers of 2 rooms");
    assert!(count(|event| matches!(event, Event::Deleted { .. })) > 5);
    assert!(count(|event| matches!(event, Event::Edited { .. })) > 5);
    assert!(count(|event| matches!(event, Event::OutOf { .. })) > 0);
    assert!(count(|event| matches!(event, Event::Stalled)) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_started_again_nothing_is_lost() {
    let data = TempDir::new().unwrap();
    let hallway = start(&data).await;
    let stage = setup(hallway.address(), 2, 1).await.unwrap();
    let (_moved, nodes) = watch::channel(vec![hallway.address()]);
    // So much that something is always under way.
    let workload = Workload { rate: 1_000.0, readers: 6, ..Workload::new(nodes, stage) };
    let running = workload.start(Recorder::default()).await.unwrap();
    for _ in 0..3 {
        assert!(running.until_resumed(PATIENCE).await, "{:?}", running.resumed());
        sleep(Duration::from_millis(700)).await;
        running.note("kill", FaultPhase::Begin);
        hallway.kill().unwrap();
        hallway.restart().await.unwrap();
        running.note("kill", FaultPhase::End);
    }
    let history = running.stop(2 * PATIENCE).await.unwrap();
    let violations = check(&history);
    assert!(violations.is_empty(), "{}", violations[0]);
    let unknown = history.0.iter().filter(|entry| matches!(entry.event, Event::Unknown { .. }));
    assert!(unknown.count() > 3, "nothing was under way when it was killed");
}
