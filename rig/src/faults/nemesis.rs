//! Kills, pauses, disconnects and restarts servers, databases and Redis.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::{
    context::FaultContext,
    idle_sockets::{IdleSockets, SocketTarget},
    integrity,
};
use crate::{
    report::Measurement,
    services::{Host, Proxy, Service},
};

/// The number of acks between two kills of a server.
const ACKS_BETWEEN_KILLS: usize = 30;
const READY_LIMIT_S: f64 = 1.0;
const TERMINATE_LIMIT_S: f64 = 10.0;
/// How long clients of the proxy may take to reach another node.
const FAILOVER_LIMIT_S: f64 = 5.0;
/// How long a client may take to notice a closed socket.
const NOTICE_DELAY: Duration = Duration::from_millis(200);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// A part of the cluster.
#[derive(Clone, Copy)]
pub enum Component {
    /// One of the nodes: the argument modulo the number of nodes.
    Node(u32),
    Database,
    Redis,
}

impl Component {
    /// The component's name in reports, and its service.
    fn find(self, context: &FaultContext) -> Result<(String, &dyn Service)> {
        let cluster = &context.cluster;
        Ok(match self {
            Self::Node(nth) => {
                let node = nth as usize % cluster.nodes.len();
                (format!("node {node}"), &cluster.nodes[node])
            }
            Self::Database => ("database".into(), cluster.database()?),
            Self::Redis => ("redis".into(), cluster.redis()?),
        })
    }
}

/// Kills a component and starts it again. Redis comes back empty.
pub async fn kill(context: &mut FaultContext, component: Component) -> Result<()> {
    context.run_normally().await;
    let (name, service) = component.find(context)?;
    let fault = format!("kill -9 {name}");
    context.begin_fault(&fault);
    service.kill()?;
    context.keep_broken().await;
    service.restart().await?;
    context.end_fault_and_recover(&fault).await
}

/// Stops a component with SIGSTOP and continues it.
pub async fn pause(context: &mut FaultContext, component: Component) -> Result<()> {
    context.run_normally().await;
    let (name, service) = component.find(context)?;
    let fault = format!("SIGSTOP {name}");
    context.begin_fault(&fault);
    service.pause()?;
    context.keep_broken().await;
    service.resume()?;
    context.end_fault_and_recover(&fault).await
}

/// Cuts the cuttable link of the cluster and heals it.
pub async fn cut(context: &mut FaultContext, fault: &str) -> Result<()> {
    context.run_normally().await;
    context.begin_fault(fault);
    context.cluster.link()?.cut()?;
    context.keep_broken().await;
    context.cluster.link()?.heal()?;
    context.end_fault_and_recover(fault).await
}

/// Empties Redis three times a second.
pub async fn flush_redis(context: &mut FaultContext) -> Result<()> {
    repeat_redis_command(context, &["FLUSHALL"]).await.map(drop)
}

/// Disconnects every subscriber of Redis three times a second.
pub async fn drop_subscribers(context: &mut FaultContext) -> Result<()> {
    let dropped = repeat_redis_command(context, &["CLIENT", "KILL", "TYPE", "pubsub"]).await?;
    ensure!(dropped > 0, "Redis had no subscribers to disconnect");
    Ok(())
}

/// Runs a Redis command three times a second. Returns the sum of the numbers in the replies.
async fn repeat_redis_command(context: &mut FaultContext, words: &[&str]) -> Result<u32> {
    context.run_normally().await;
    let fault = words.join(" ");
    let times = (context.scale.broken.as_secs_f64() * 3.0).ceil() as u32;
    context.begin_fault(&fault);
    let mut sum = 0;
    for _ in 0..times {
        let reply = context.cluster.redis()?.command(words).await?;
        sum += reply.parse::<u32>().unwrap_or(0);
        sleep(context.scale.broken / times).await;
    }
    context.end_fault(&fault);
    context.wait_until_recovered().await?;
    Ok(sum)
}

/// Kills the only node, checks the integrity of its database file, and starts it again.
pub async fn kill_only_node(context: &mut FaultContext) -> Result<()> {
    context.wait_for_acks(ACKS_BETWEEN_KILLS).await?;
    // The kill should hit a random point of the server's write cycle.
    sleep(Duration::from_millis(fastrand::u64(..50))).await;
    let fault = "kill -9 server";
    context.begin_fault(fault);
    context.cluster.nodes[0].kill()?;
    let copy = integrity::copy_database(&context.cluster.data())?;
    let took = context.cluster.nodes[0].restart().await?.as_secs_f64();
    context.end_fault(fault);
    context.add_measurement(Measurement::new(
        "server ready again within",
        took,
        READY_LIMIT_S,
        "s",
    ));
    let errors = integrity::count_errors(copy.path())?;
    context.add_measurement(Measurement::never("errors of integrity_check", errors));
    context.wait_until_recovered().await
}

/// Terminates the nodes one after the other, and starts each again. Some clients use a proxy.
pub async fn rolling_restart(context: &mut FaultContext) -> Result<()> {
    let addresses = context.cluster.addresses();
    let proxy = Proxy::start(Host::local().address(), &addresses).await?;
    let target = SocketTarget::quiet_room(context, proxy.address())?;
    let sockets = IdleSockets::open(context.scale.count, &target);
    sockets.wait_until_connected(1.0, CONNECT_TIMEOUT).await?;
    for node in 0..addresses.len() {
        context.run_normally().await;
        let fault = format!("SIGTERM node {node}");
        context.begin_fault(&fault);
        let exit = context.cluster.nodes[node].terminate().await?;
        let terminated = Instant::now();
        // A client that has not noticed its closed socket still counts as connected.
        sleep(NOTICE_DELAY).await;
        ensure!(exit.code == Some(0), "node {node} ended with {:?}", exit.code);
        sockets.wait_until_connected(1.0, CONNECT_TIMEOUT).await?;
        let failover = terminated.elapsed().as_secs_f64();
        context.cluster.nodes[node].restart().await?;
        context.end_fault(&fault);
        let name = "clients of the proxy connected again within";
        context.add_measurement(Measurement::new(name, failover, FAILOVER_LIMIT_S, "s"));
        let took = exit.took.as_secs_f64();
        context.add_measurement(Measurement::new(
            "node ended within",
            took,
            TERMINATE_LIMIT_S,
            "s",
        ));
        context.wait_until_recovered().await?;
    }
    Ok(())
}
