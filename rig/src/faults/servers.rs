//! Servers and databases that are killed, stopped in their tracks, or asked to end.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use tokio::time::sleep;

use super::{
    idlers::{Idlers, Way},
    scene::Scene,
};
use crate::{
    report::Figure,
    services::{Host, Proxy, Service},
};

/// Messages acked between two deaths of a server.
const PROGRESS: u64 = 30;
/// How long a server may take until it does its work again.
const READY_WITHIN_S: f64 = 1.0;
/// How long a server may take to end.
const ENDS_WITHIN_S: f64 = 10.0;
/// How long clients may take to be served by another node.
const BACK_WITHIN_S: f64 = 5.0;
/// How long the news of a closed socket may take.
const NOTICED: Duration = Duration::from_millis(200);
/// How long they may take before there is no point in waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kills the only node, looks whether its file is whole, and starts it again.
pub async fn kill_only(scene: &mut Scene) -> Result<()> {
    scene.progress(PROGRESS).await?;
    // Somewhere within whatever the server does over and over.
    sleep(Duration::from_millis(fastrand::u64(..50))).await;
    let name = "kill -9 server";
    scene.begin(name);
    scene.cluster.nodes[0].kill()?;
    let copy = copy_of(&scene.cluster.data())?;
    let took = scene.cluster.nodes[0].restart().await?.as_secs_f64();
    scene.end(name);
    scene.measured(Figure::new("server ready again within", took, READY_WITHIN_S, "s"));
    let complaints = integrity(copy.path())?;
    scene.measured(Figure::never("complaints of integrity_check", complaints));
    scene.whole().await
}

/// Kills one node of several, and starts it again when everybody has found another.
pub async fn kill_one(scene: &mut Scene, nth: u32) -> Result<()> {
    scene.calm().await;
    let node = nth as usize % scene.cluster.nodes.len();
    let name = format!("kill -9 node {node}");
    scene.begin(&name);
    scene.cluster.nodes[node].kill()?;
    scene.hold().await;
    scene.cluster.nodes[node].restart().await?;
    scene.end(&name);
    scene.whole().await
}

/// Stops one node of several in its tracks, and lets it go on.
pub async fn stop_one(scene: &mut Scene, nth: u32) -> Result<()> {
    scene.calm().await;
    let node = nth as usize % scene.cluster.nodes.len();
    let name = format!("SIGSTOP node {node}");
    scene.begin(&name);
    scene.cluster.nodes[node].pause()?;
    scene.hold().await;
    scene.cluster.nodes[node].resume()?;
    scene.end(&name);
    scene.whole().await
}

/// Asks one node after the other to end, and starts it again. Some clients come by a proxy.
pub async fn roll(scene: &mut Scene) -> Result<()> {
    let addresses = scene.cluster.addresses();
    let proxy = Proxy::start(Host::local().address(), &addresses).await?;
    let idlers = Idlers::open(scene.pace.many, &Way::quiet(scene, proxy.address())?);
    idlers.gathered(1.0, PATIENCE).await?;
    for node in 0..addresses.len() {
        scene.calm().await;
        let name = format!("SIGTERM node {node}");
        scene.begin(&name);
        let exit = scene.cluster.nodes[node].terminate().await?;
        let began = Instant::now();
        // Who has not heard of it yet still counts as being there.
        sleep(NOTICED).await;
        ensure!(exit.code == Some(0), "node {node} ended with {:?}", exit.code);
        idlers.gathered(1.0, PATIENCE).await?;
        let back = began.elapsed().as_secs_f64();
        scene.measured(Figure::new("clients by the proxy back within", back, BACK_WITHIN_S, "s"));
        scene.cluster.nodes[node].restart().await?;
        scene.end(&name);
        let took = exit.took.as_secs_f64();
        scene.measured(Figure::new("node ended within", took, ENDS_WITHIN_S, "s"));
        scene.whole().await?;
    }
    Ok(())
}

/// Kills the database, and starts it again.
pub async fn kill_database(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let name = "kill -9 database";
    scene.begin(name);
    scene.cluster.database()?.kill()?;
    scene.hold().await;
    scene.cluster.database()?.restart().await?;
    scene.end(name);
    scene.progress(1).await?;
    scene.whole().await
}

/// Stops the database in its tracks, and lets it go on.
pub async fn pause_database(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let name = "SIGSTOP database";
    scene.begin(name);
    scene.cluster.database()?.pause()?;
    scene.hold().await;
    scene.cluster.database()?.resume()?;
    scene.end(name);
    scene.progress(1).await?;
    scene.whole().await
}

/// A data folder as it was left, so that looking at it changes nothing.
fn copy_of(data: &Path) -> Result<tempfile::TempDir> {
    let copy = tempfile::Builder::new().prefix("rig-").tempdir()?;
    for file in fs::read_dir(data)? {
        let file = file?;
        let name = file.file_name();
        // Shared memory is made anew by whoever opens the file.
        if name.to_string_lossy().starts_with("hallway.sqlite")
            && !name.to_string_lossy().ends_with("-shm")
        {
            fs::copy(file.path(), copy.path().join(name))?;
        }
    }
    Ok(copy)
}

/// How many complaints SQLite has about its file.
pub fn integrity(data: &Path) -> Result<usize> {
    let file = data.join("hallway.sqlite");
    ensure!(file.is_file(), "{} is not there", file.display());
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
    fn a_broken_file_is_complained_about_and_a_whole_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hallway.sqlite");
        let db = Connection::open(&file).unwrap();
        db.execute_batch(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT UNIQUE);\n\
             CREATE TABLE b (a INTEGER REFERENCES a);\n\
             INSERT INTO a (x) VALUES ('one'), ('two');",
        )
        .unwrap();
        assert_eq!(integrity(copy_of(folder.path()).unwrap().path()).unwrap(), 0);
        db.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO b VALUES (7);").unwrap();
        assert_eq!(integrity(folder.path()).unwrap(), 1);
    }
}
