//! Redis that is away, empty or silent, and links that are cut.

use anyhow::{Result, ensure};

use super::scene::Scene;
use crate::services::Service;

/// Kills Redis, and starts an empty one at the same address.
pub async fn kill_redis(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let name = "kill -9 redis";
    scene.begin(name);
    scene.cluster.redis()?.kill()?;
    scene.hold().await;
    scene.cluster.redis()?.restart().await?;
    scene.end(name);
    scene.whole().await
}

/// Stops Redis in its tracks, and lets it go on.
pub async fn pause_redis(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let name = "SIGSTOP redis";
    scene.begin(name);
    scene.cluster.redis()?.pause()?;
    scene.hold().await;
    scene.cluster.redis()?.resume()?;
    scene.end(name);
    scene.whole().await
}

/// Empties Redis, three times a second.
pub async fn flush_redis(scene: &mut Scene) -> Result<()> {
    repeat(scene, &["FLUSHALL"]).await
}

/// Throws every subscriber out of Redis, three times a second.
pub async fn drop_subscribers(scene: &mut Scene) -> Result<()> {
    repeat(scene, &["CLIENT", "KILL", "TYPE", "pubsub"]).await
}

async fn repeat(scene: &mut Scene, words: &[&str]) -> Result<()> {
    scene.calm().await;
    let name = words.join(" ");
    let times = (scene.pace.broken.as_secs_f64() * 3.0).ceil() as u32;
    scene.begin(&name);
    let mut dropped = 0;
    for _ in 0..times {
        let answer = scene.cluster.redis()?.command(words).await?;
        dropped += answer.parse::<u32>().unwrap_or(0);
        tokio::time::sleep(scene.pace.broken / times).await;
    }
    scene.end(&name);
    ensure!(words[0] != "CLIENT" || dropped > 0, "there were no subscribers to throw out");
    scene.whole().await
}

/// Cuts the link that this installation has for it, and heals it.
pub async fn cut(scene: &mut Scene, what: &str) -> Result<()> {
    scene.calm().await;
    scene.begin(what);
    scene.cluster.link()?.cut()?;
    scene.hold().await;
    scene.cluster.link()?.heal()?;
    scene.end(what);
    scene.progress(1).await?;
    scene.whole().await
}
