//! A load balancer without sticky sessions, in front of several nodes.

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

const HEALTH_CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// The timeout of health checks and of connecting to a node.
const NODE_TIMEOUT: Duration = Duration::from_secs(2);

/// A TCP proxy. A new connection goes to the healthy node with the fewest connections. Open
/// connections stay on a node that becomes unhealthy.
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
    /// Starts a proxy on a free port of `address`.
    pub async fn start(address: IpAddr, nodes: &[SocketAddr]) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::new(address, 0)).await?;
        let address = listener.local_addr()?;
        let node = |address: &SocketAddr| Node {
            address: *address,
            is_healthy: AtomicBool::new(true),
            connections: AtomicUsize::new(0),
        };
        let nodes: Arc<[Node]> = nodes.iter().map(node).collect();
        let http = reqwest::Client::builder().timeout(NODE_TIMEOUT).build()?;
        let mut tasks = JoinSet::new();
        for index in 0..nodes.len() {
            tasks.spawn(check_health(Arc::clone(&nodes), index, http.clone()));
        }
        tasks.spawn(accept(listener, Arc::clone(&nodes)));
        Ok(Self { address, nodes, _tasks: tasks })
    }

    /// The address to which clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of open connections to each node.
    pub fn connections(&self) -> Vec<usize> {
        self.nodes.iter().map(|node| node.connections.load(Relaxed)).collect()
    }
}

async fn check_health(nodes: Arc<[Node]>, index: usize, http: reqwest::Client) {
    let node = &nodes[index];
    loop {
        let response = http.get(format!("http://{}/health/ready", node.address)).send().await;
        let is_healthy = response.is_ok_and(|response| response.status().is_success());
        node.is_healthy.store(is_healthy, Relaxed);
        tokio::time::sleep(HEALTH_CHECK_INTERVAL).await;
    }
}

async fn accept(listener: TcpListener, nodes: Arc<[Node]>) {
    // Dropping the proxy drops this set, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(forward(client, Arc::clone(&nodes)));
                }
                // Without free file descriptors, retrying at once would be a busy loop.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Forwards a connection to the best node that accepts it.
async fn forward(mut client: TcpStream, nodes: Arc<[Node]>) {
    let mut tried = Vec::new();
    while let Some(index) = choose_node(&nodes, &tried) {
        let node = &nodes[index];
        let _count = ConnectionCount::increment(&node.connections);
        if let Ok(Ok(mut server)) = timeout(NODE_TIMEOUT, TcpStream::connect(node.address)).await {
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            // Errors are normal, because either end may disappear at any moment.
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
        node.is_healthy.store(false, Relaxed);
        tried.push(index);
    }
}

/// The healthy node with the fewest connections; unhealthy nodes come last.
fn choose_node(nodes: &[Node], tried: &[usize]) -> Option<usize> {
    let rank = |index: &usize| {
        let node = &nodes[*index];
        (!node.is_healthy.load(Relaxed), node.connections.load(Relaxed))
    };
    (0..nodes.len()).filter(|index| !tried.contains(index)).min_by_key(rank)
}

/// Counts a connection until the value is dropped.
struct ConnectionCount<'a>(&'a AtomicUsize);

impl<'a> ConnectionCount<'a> {
    fn increment(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for ConnectionCount<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
