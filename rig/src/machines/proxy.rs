//! A load balancer: one address, several nodes, nobody sticks to any.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

/// Between two looks at a node's health.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a node may take to answer that, or to take a connection.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// A TCP proxy. A connection goes to the healthy node that has the fewest; what is open on a node
/// that becomes unhealthy stays there.
pub struct Proxy {
    address: SocketAddr,
    nodes: Arc<[Node]>,
    _tasks: JoinSet<()>,
}

struct Node {
    address: SocketAddr,
    is_healthy: AtomicBool,
    connections: AtomicUsize,
}

impl Proxy {
    /// Starts one on a free port of `address`, before these nodes.
    pub async fn start(address: IpAddr, nodes: &[SocketAddr]) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::new(address, 0)).await?;
        let address = listener.local_addr()?;
        let node = |address: &SocketAddr| Node {
            address: *address,
            is_healthy: AtomicBool::new(true),
            connections: AtomicUsize::new(0),
        };
        let nodes: Arc<[Node]> = nodes.iter().map(node).collect();
        let http = reqwest::Client::builder().timeout(ANSWERS_WITHIN).build()?;
        let mut tasks = JoinSet::new();
        for index in 0..nodes.len() {
            tasks.spawn(watch(Arc::clone(&nodes), index, http.clone()));
        }
        tasks.spawn(accept(listener, Arc::clone(&nodes)));
        Ok(Self { address, nodes, _tasks: tasks })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections each node has, in the order in which the nodes were given.
    pub fn connections(&self) -> Vec<usize> {
        self.nodes.iter().map(|node| node.connections.load(Relaxed)).collect()
    }
}

async fn watch(nodes: Arc<[Node]>, index: usize, http: reqwest::Client) {
    let node = &nodes[index];
    loop {
        let asked = http.get(format!("http://{}/health/ready", node.address)).send().await;
        let is_healthy = asked.is_ok_and(|answer| answer.status().is_success());
        node.is_healthy.store(is_healthy, Relaxed);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn accept(listener: TcpListener, nodes: Arc<[Node]>) {
    // Dropped with the proxy, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(carry(client, Arc::clone(&nodes)));
                }
                // Out of file handles: at once would be a busy loop.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(mut client: TcpStream, nodes: Arc<[Node]>) {
    let mut tried = Vec::new();
    while let Some(index) = choose(&nodes, &tried) {
        let node = &nodes[index];
        let _place = Place::take(&node.connections);
        let connect = timeout(ANSWERS_WITHIN, TcpStream::connect(node.address));
        if let Ok(Ok(mut server)) = connect.await {
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            // Either end may go at any moment: that is what the proxy is there for.
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
        node.is_healthy.store(false, Relaxed);
        tried.push(index);
    }
}

/// The healthy node with the fewest connections; nodes that do not look healthy come last.
fn choose(nodes: &[Node], tried: &[usize]) -> Option<usize> {
    let rank = |index: &usize| {
        let node = &nodes[*index];
        (!node.is_healthy.load(Relaxed), node.connections.load(Relaxed))
    };
    (0..nodes.len()).filter(|index| !tried.contains(index)).min_by_key(rank)
}

/// One connection, counted as long as it is there.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
