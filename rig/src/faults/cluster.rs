//! A Hallway installation for one fault: nodes, their database, Redis, and links to cut.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tempfile::TempDir;

use crate::services::{
    Clock, DatabaseServer, Hallway, Host, Link, MariaDb, Namespace, Postgres, Process, Redis,
    ServerOptions, Service, SmallDisk, session_key,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum DatabaseKind {
    /// One file; one node.
    Sqlite,
    /// A MariaDB server.
    Mariadb,
    /// A PostgreSQL server.
    Postgres,
}

impl DatabaseKind {
    pub const ALL: &[Self] = &[Self::Sqlite, Self::Mariadb, Self::Postgres];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Mariadb => "mariadb",
            Self::Postgres => "postgres",
        }
    }

    async fn start(self, host: &Host) -> Result<Option<Box<dyn DatabaseServer>>> {
        Ok(match self {
            Self::Sqlite => None,
            Self::Mariadb => Some(Box::new(MariaDb::start(host).await?)),
            Self::Postgres => Some(Box::new(Postgres::start(host).await?)),
        })
    }
}

/// A link that can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CuttableLink {
    /// Between the first node and the database.
    NodeDatabase,
    /// Between the first node and Redis.
    NodeRedis,
    /// Between every node and Redis.
    NodesRedis,
    /// Between the first node and its clients.
    ClientNode,
}

/// The parts of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Topology {
    /// The number of nodes. With more than one, the cluster has a Redis server.
    pub nodes: usize,
    pub cuttable_link: Option<CuttableLink>,
    /// Whether the nodes have a clock of their own, which a run can set.
    pub own_clock: bool,
    /// The size of a disk for the data, in MiB, which a run can fill; `None` uses the system's
    /// disk.
    pub disk_mib: Option<u32>,
    /// Further environment variables of the nodes.
    pub env: &'static [(&'static str, &'static str)],
}

impl Topology {
    /// So many nodes, without a cuttable link, a clock or a disk of their own.
    pub const fn of_nodes(nodes: usize) -> Self {
        Self { nodes, cuttable_link: None, own_clock: false, disk_mib: None, env: &[] }
    }
}

/// A running installation. The order of the fields matters: each is dropped before those that it
/// uses.
pub struct Cluster {
    pub nodes: Vec<Hallway>,
    /// The database server; `None` with SQLite.
    database: Option<Box<dyn DatabaseServer>>,
    redis: Option<Redis>,
    pub clock: Option<Clock>,
    pub disk: Option<SmallDisk>,
    network: Network,
    dir: TempDir,
}

/// The host of each service, and the links between them.
struct Network {
    database: Host,
    redis: Host,
    nodes: Vec<NodeNetwork>,
    cuttable_link: Option<Link>,
    _other_link: Option<Link>,
    _namespace: Option<Namespace>,
}

#[derive(Clone)]
struct NodeNetwork {
    host: Host,
    /// The address at which this node reaches the database.
    database: IpAddr,
    /// The address at which this node reaches Redis.
    redis: IpAddr,
}

impl Cluster {
    /// Starts all services and waits until they are ready.
    pub async fn start(server: &Path, kind: DatabaseKind, topology: &Topology) -> Result<Self> {
        if kind == DatabaseKind::Sqlite && topology.nodes != 1 {
            bail!("SQLite supports one node only");
        }
        let network = Network::new(topology)?;
        let database = kind.start(&network.database).await?;
        if let Some(database) = &database {
            database.create_database("hallway").await?;
        }
        let redis = match topology.nodes {
            1 => None,
            _ => Some(Redis::start(&network.redis).await?),
        };
        let mut cluster = Self {
            nodes: Vec::new(),
            database,
            redis,
            clock: topology.own_clock.then(Clock::new).transpose()?,
            disk: topology.disk_mib.map(SmallDisk::mount).transpose()?,
            network,
            dir: tempfile::Builder::new().prefix("rig-").tempdir()?,
        };
        let key = session_key();
        for index in 0..topology.nodes {
            let mut options = cluster.node_options(index);
            options.session_key = Some(key.clone());
            let env =
                topology.env.iter().map(|(name, value)| (name.to_string(), value.to_string()));
            options.env.extend(env);
            cluster.nodes.push(Hallway::start(server, options).await?);
        }
        Ok(cluster)
    }

    fn node_options(&self, index: usize) -> ServerOptions {
        let node = &self.network.nodes[index];
        let mut options = ServerOptions::new(&self.dir.path().join(format!("node-{index}")));
        options.host = node.host.clone();
        if let Some(disk) = &self.disk {
            options.data = disk.path().join("data");
        }
        let database = self.database.as_ref();
        options.database_url = database.map(|database| database.url_via(node.database, "hallway"));
        options.redis_url = self.redis.as_ref().map(|redis| redis.url_via(node.redis));
        options.env.extend(self.clock.iter().flat_map(Clock::env));
        options
    }

    /// The addresses of the nodes, in order.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(Hallway::address).collect()
    }

    pub fn database(&self) -> Result<&dyn DatabaseServer> {
        self.database.as_deref().context("SQLite has no server")
    }

    pub fn redis(&self) -> Result<&Redis> {
        self.redis.as_ref().context("a single node has no Redis")
    }

    pub fn link(&self) -> Result<&Link> {
        self.network.cuttable_link.as_ref().context("this cluster has no link to cut")
    }

    /// The data directory of the only node, with SQLite.
    pub fn data(&self) -> PathBuf {
        match &self.disk {
            Some(disk) => disk.path().join("data"),
            None => self.dir.path().join("node-0"),
        }
    }

    /// Copies the logs of all services into a directory.
    pub fn copy_logs(&self, dir: &Path) -> Result<()> {
        let nodes = self.nodes.iter().enumerate();
        let nodes = nodes.map(|(index, node)| (format!("node-{index}.log"), node.process()));
        let database =
            self.database.iter().map(|server| ("database.log".to_owned(), server.process()));
        let redis = self.redis.iter().map(|server| ("redis.log".to_owned(), server.process()));
        let all: Vec<(String, &Process)> = nodes.chain(database).chain(redis).collect();
        for (name, process) in all {
            std::fs::copy(process.log(), dir.join(name))?;
        }
        Ok(())
    }
}

impl Network {
    fn new(topology: &Topology) -> Result<Self> {
        let local = Host::local();
        let address = local.address();
        let node = NodeNetwork { host: local.clone(), database: address, redis: address };
        let mut network = Self {
            database: local.clone(),
            redis: local,
            nodes: vec![node; topology.nodes],
            cuttable_link: None,
            _other_link: None,
            _namespace: None,
        };
        let Some(link) = topology.cuttable_link else { return Ok(network) };
        let namespace = Namespace::create()?;
        let (cuttable, other) = (namespace.link()?, namespace.link()?);
        let (cuttable_address, other_address) = (cuttable.far_address(), other.far_address());
        match link {
            CuttableLink::NodeDatabase => {
                network.database = cuttable.far_host();
                network.nodes.iter_mut().for_each(|node| node.database = other_address);
                network.nodes[0].database = cuttable_address;
            }
            CuttableLink::NodeRedis => {
                network.redis = cuttable.far_host();
                network.nodes.iter_mut().for_each(|node| node.redis = other_address);
                network.nodes[0].redis = cuttable_address;
            }
            CuttableLink::NodesRedis => {
                network.redis = cuttable.far_host();
                network.nodes.iter_mut().for_each(|node| node.redis = cuttable_address);
            }
            // The first node reaches everything but its clients over the other link.
            CuttableLink::ClientNode => {
                let near = other.near_host();
                for node in &mut network.nodes {
                    (node.database, node.redis) = (near.address(), near.address());
                }
                network.nodes[0].host = cuttable.far_host();
                (network.database, network.redis) = (near.clone(), near);
            }
        }
        network.cuttable_link = Some(cuttable);
        network._other_link = Some(other);
        network._namespace = Some(namespace);
        Ok(network)
    }
}
