//! Stops readers, and lets thousands of clients reconnect at once.

use std::{
    future::Future,
    pin::pin,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::{interval, sleep};

use super::{
    context::FaultContext,
    idle_sockets::{IdleSockets, SocketTarget},
    requests,
};
use crate::{report::Measurement, services::Service};

/// The maximum growth of the server's memory for each reader that stopped, in MiB.
const STOPPED_READER_LIMIT_MIB: f64 = 1.5;
/// The maximum of the server's memory during a reconnect storm, in MiB.
const STORM_LIMIT_MIB: f64 = 1_024.0;
const RECONNECT_LIMIT_S: f64 = 15.0;
/// The share of the sockets that must be connected again within the limit.
const RECONNECT_SHARE: f64 = 0.99;
/// How long a reader may take to notice its lost socket after it reads again.
const NOTICE_DELAY: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);

/// Some readers stop reading for a while.
pub async fn stop_readers(context: &mut FaultContext) -> Result<()> {
    context.run_normally().await;
    let count = context.scale.count;
    let fault = format!("{count} readers stop");
    let before = memory_mib(context)?;
    context.begin_fault(&fault);
    context.workload.pause_readers(count);
    let stopped_period = async {
        tokio::select! {
            () = context.keep_broken() => {}
            () = requests::send_long_texts(context) => {}
        }
    };
    let (peak, ()) = peak_memory_mib(context, stopped_period).await;
    let growth = (peak - before).max(0.0) / count as f64;
    context.workload.pause_readers(0);
    context.end_fault(&fault);
    let name = "server memory for each stopped reader";
    context.add_measurement(Measurement::new(name, growth, STOPPED_READER_LIMIT_MIB, "MiB"));
    // The readers first read buffered frames, and only then notice that the server closed the
    // socket.
    sleep(NOTICE_DELAY).await;
    context.wait_until_recovered().await
}

/// Kills the server under thousands of sockets, which all reconnect.
pub async fn reconnect_storm(context: &mut FaultContext) -> Result<()> {
    let count = context.scale.count;
    let target = SocketTarget::quiet_room(context, context.cluster.addresses()[0])?;
    let sockets = IdleSockets::open(count, &target);
    sockets.wait_until_connected(1.0, CONNECT_TIMEOUT).await?;
    context.run_normally().await;
    let fault = format!("{count} sockets come back");
    context.begin_fault(&fault);
    let started = Instant::now();
    context.cluster.nodes[0].kill()?;
    context.cluster.nodes[0].restart().await?;
    let connected = sockets.wait_until_connected(RECONNECT_SHARE, CONNECT_TIMEOUT);
    let (peak, connected) = peak_memory_mib(context, connected).await;
    connected?;
    let took = started.elapsed().as_secs_f64();
    context.end_fault(&fault);
    let name = "99 % of the sockets connected again within";
    context.add_measurement(Measurement::new(name, took, RECONNECT_LIMIT_S, "s"));
    context.add_measurement(Measurement::new(
        "server memory meanwhile",
        peak,
        STORM_LIMIT_MIB,
        "MiB",
    ));
    context.wait_until_recovered().await
}

/// The resident memory of the first node.
fn memory_mib(context: &FaultContext) -> Result<f64> {
    let usage = context.cluster.nodes[0].process().usage()?;
    Ok(usage.rss_kib as f64 / 1_024.0)
}

/// The peak memory of the first node during a future, and the output of the future.
async fn peak_memory_mib<T>(context: &FaultContext, period: impl Future<Output = T>) -> (f64, T) {
    let mut peak = 0.0_f64;
    let mut sample = interval(Duration::from_millis(50));
    let mut period = pin!(period);
    loop {
        tokio::select! {
            output = &mut period => return (peak, output),
            _ = sample.tick() => peak = peak.max(memory_mib(context).unwrap_or(0.0)),
        }
    }
}
