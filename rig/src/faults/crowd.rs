//! Readers who stop reading, and thousands who come back at once.

use std::{
    future::Future,
    pin::pin,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::{interval, sleep};

use super::{
    idlers::{Idlers, Way},
    requests,
    scene::Scene,
};
use crate::{report::Figure, services::Service};

/// What one reader who does not read may cost the server, in MiB.
const STOPPED_MIB: f64 = 1.5;
/// What the server may use while everybody comes back, in MiB.
const STORM_MIB: f64 = 1_024.0;
/// How long it may take until nearly all are back, in seconds.
const BACK_WITHIN_S: f64 = 15.0;
/// How many of them must be.
const NEARLY_ALL: f64 = 0.99;
/// How long somebody may take to notice, who reads again.
const AWAKE: Duration = Duration::from_secs(3);
/// How long the crowd may take to gather.
const GATHERED_WITHIN: Duration = Duration::from_secs(120);

/// Some readers stop reading, and read again later.
pub async fn stop_readers(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let count = scene.pace.many;
    let name = format!("{count} readers stop");
    let before =
        scene.cluster.nodes[0].process().usage().map(|usage| usage.rss_kib as f64 / 1_024.0)?;
    scene.begin(&name);
    scene.running.stall(count);
    let hold = async {
        tokio::select! {
            () = scene.hold() => {}
            () = requests::talk_at_length(scene) => {}
        }
    };
    let (peak, ()) = peak_mib(scene, hold).await;
    let grown = (peak - before).max(0.0) / count as f64;
    scene.running.stall(0);
    scene.end(&name);
    scene.measured(Figure::new("server memory for each stopped reader", grown, STOPPED_MIB, "MiB"));
    // What lies in the way is read first; only then do they find their sockets lost.
    sleep(AWAKE).await;
    scene.whole().await
}

/// The server is killed under thousands of sockets, which all come back.
pub async fn storm(scene: &mut Scene) -> Result<()> {
    let count = scene.pace.many;
    let way = Way::quiet(scene, scene.cluster.addresses()[0])?;
    let idlers = Idlers::open(count, &way);
    idlers.gathered(1.0, GATHERED_WITHIN).await?;
    scene.calm().await;
    let name = format!("{count} sockets come back");
    scene.begin(&name);
    let began = Instant::now();
    scene.cluster.nodes[0].kill()?;
    scene.cluster.nodes[0].restart().await?;
    let (peak, gathered) = peak_mib(scene, idlers.gathered(NEARLY_ALL, GATHERED_WITHIN)).await;
    gathered?;
    let back = began.elapsed().as_secs_f64();
    scene.end(&name);
    scene.measured(Figure::new("99 % of the sockets back within", back, BACK_WITHIN_S, "s"));
    scene.measured(Figure::new("server memory meanwhile", peak, STORM_MIB, "MiB"));
    scene.whole().await
}

/// The most memory that the first node has during something.
async fn peak_mib<T>(scene: &Scene, during: impl Future<Output = T>) -> (f64, T) {
    let mut most = 0.0_f64;
    let mut look = interval(Duration::from_millis(50));
    let mut during = pin!(during);
    loop {
        tokio::select! {
            done = &mut during => return (most, done),
            _ = look.tick() => {
                let memory = scene.cluster.nodes[0].process().usage().map(|usage| usage.rss_kib as f64 / 1_024.0);
                most = most.max(memory.unwrap_or(0.0));
            }
        }
    }
}
