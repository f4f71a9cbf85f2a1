//! A whole installation for one fault: nodes, their database, Redis between them, links to cut.

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

/// Which database.
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
    /// All of them.
    pub const ALL: &[Self] = &[Self::Sqlite, Self::Mariadb, Self::Postgres];

    /// Its name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Mariadb => "mariadb",
            Self::Postgres => "postgres",
        }
    }

    async fn start_at(self, place: &Host) -> Result<Option<Box<dyn DatabaseServer>>> {
        Ok(match self {
            Self::Sqlite => None,
            Self::Mariadb => Some(Box::new(MariaDb::start(place).await?)),
            Self::Postgres => Some(Box::new(Postgres::start(place).await?)),
        })
    }
}

/// A link that can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Between the first node and the database.
    NodeDatabase,
    /// Between the first node and Redis.
    NodeRedis,
    /// Between every node and Redis.
    NodesRedis,
    /// Between the first node and its clients.
    ClientNode,
}

/// What an installation consists of.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many nodes; with more than one there is a Redis between them.
    pub nodes: usize,
    /// The link that can be cut, if one can.
    pub cut: Option<Cut>,
    /// Whether the nodes' clock can be set.
    pub clock: bool,
    /// The size of the disk that holds the data, in MiB, if it can be filled.
    pub disk: Option<u32>,
    /// Further variables for the nodes.
    pub env: &'static [(&'static str, &'static str)],
}

impl Shape {
    /// So many nodes, and nothing special.
    pub const fn of(nodes: usize) -> Self {
        Self { nodes, cut: None, clock: false, disk: None, env: &[] }
    }
}

/// A running installation. What depends on something is let go of before it.
pub struct Cluster {
    /// The nodes.
    pub nodes: Vec<Hallway>,
    /// What they keep their rows in, unless it is a file.
    pub database: Option<Box<dyn DatabaseServer>>,
    /// What carries news from node to node, if there is more than one.
    pub redis: Option<Redis>,
    /// The clock of the nodes, if it can be set.
    pub clock: Option<Clock>,
    /// The disk of the first node, if it can be filled.
    pub disk: Option<SmallDisk>,
    /// The link that can be cut.
    pub link: Option<Link>,
    _links: Vec<Link>,
    _namespace: Option<Namespace>,
    folder: TempDir,
}

/// Where everything goes, and how the nodes see it.
struct Plan {
    database: Host,
    redis: Host,
    nodes: Vec<Host>,
    /// The addresses of the database and of Redis as each node sees them.
    seen: Vec<(IpAddr, IpAddr)>,
    link: Option<Link>,
    links: Vec<Link>,
    namespace: Option<Namespace>,
}

impl Cluster {
    /// Starts everything and waits until it is ready.
    pub async fn start(server: &Path, kind: DatabaseKind, shape: &Shape) -> Result<Self> {
        if kind == DatabaseKind::Sqlite && shape.nodes != 1 {
            bail!("SQLite is for one node");
        }
        let plan = Plan::of(shape)?;
        let database = kind.start_at(&plan.database).await?;
        if let Some(database) = &database {
            database.create_database("hallway").await?;
        }
        let redis = match shape.nodes {
            1 => None,
            _ => Some(Redis::start(&plan.redis).await?),
        };
        let mut cluster = Self {
            nodes: Vec::new(),
            database,
            redis,
            clock: shape.clock.then(Clock::new).transpose()?,
            disk: shape.disk.map(SmallDisk::mount).transpose()?,
            link: plan.link,
            _links: plan.links,
            _namespace: plan.namespace,
            folder: tempfile::Builder::new().prefix("rig-").tempdir()?,
        };
        let key = session_key();
        for (index, (place, seen)) in plan.nodes.iter().zip(&plan.seen).enumerate() {
            let mut options = cluster.options(index, place, *seen);
            options.session_key = Some(key.clone());
            let env = shape.env.iter().map(|(name, value)| (name.to_string(), value.to_string()));
            options.env.extend(env);
            cluster.nodes.push(Hallway::start(server, options).await?);
        }
        Ok(cluster)
    }

    fn options(&self, index: usize, place: &Host, seen: (IpAddr, IpAddr)) -> ServerOptions {
        let home = self.folder.path().join(format!("node-{index}"));
        let mut options = ServerOptions::new(&home);
        options.host = place.clone();
        if let Some(disk) = &self.disk {
            options.data = disk.path().join("data");
        }
        let database = self.database.as_ref();
        options.database_url = database.map(|database| database.url_via(seen.0, "hallway"));
        options.redis_url = self.redis.as_ref().map(|redis| redis.url_via(seen.1));
        options.env.extend(self.clock.iter().flat_map(Clock::env));
        options
    }

    /// Where the nodes are, in order.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(Hallway::address).collect()
    }

    /// The database server; fails on SQLite.
    pub fn database(&self) -> Result<&dyn DatabaseServer> {
        self.database.as_deref().context("SQLite is no server")
    }

    /// Redis; fails with one node.
    pub fn redis(&self) -> Result<&Redis> {
        self.redis.as_ref().context("there is no Redis")
    }

    /// The link that can be cut.
    pub fn link(&self) -> Result<&Link> {
        self.link.as_ref().context("there is no link")
    }

    /// The data folder of the only node, on SQLite.
    pub fn data(&self) -> PathBuf {
        match &self.disk {
            Some(disk) => disk.path().join("data"),
            None => self.folder.path().join("node-0"),
        }
    }

    /// Copies what everybody said into a folder.
    pub fn keep_logs(&self, folder: &Path) -> Result<()> {
        let nodes = self.nodes.iter().enumerate();
        let nodes = nodes.map(|(index, node)| (format!("node-{index}.log"), node.process()));
        let database = self.database.iter().map(|it| ("database.log".into(), it.process()));
        let redis = self.redis.iter().map(|it| ("redis.log".to_owned(), it.process()));
        let all: Vec<(String, &Process)> = nodes.chain(database).chain(redis).collect();
        for (name, process) in all {
            std::fs::copy(process.log(), folder.join(name))?;
        }
        Ok(())
    }
}

impl Plan {
    fn of(shape: &Shape) -> Result<Self> {
        let here = Host::local();
        let mut plan = Self {
            database: here.clone(),
            redis: here.clone(),
            nodes: vec![here.clone(); shape.nodes],
            seen: vec![(here.address(), here.address()); shape.nodes],
            link: None,
            links: Vec::new(),
            namespace: None,
        };
        let Some(cut) = shape.cut else { return Ok(plan) };
        let namespace = Namespace::create()?;
        let (first, second) = (namespace.link()?, namespace.link()?);
        match cut {
            Cut::NodeDatabase => {
                plan.database = first.far_host();
                plan.seen.iter_mut().for_each(|(database, _)| *database = second.far_address());
                plan.seen[0].0 = first.far_address();
            }
            Cut::NodeRedis | Cut::NodesRedis => {
                plan.redis = first.far_host();
                let others =
                    if cut == Cut::NodeRedis { second.far_address() } else { first.far_address() };
                plan.seen.iter_mut().for_each(|(_, redis)| *redis = others);
                plan.seen[0].1 = first.far_address();
            }
            // The second link is the node's way to everything else.
            Cut::ClientNode => {
                plan.nodes[0] = first.far_host();
                (plan.database, plan.redis) = (second.near_host(), second.near_host());
                let near = second.near_host().address();
                plan.seen.iter_mut().for_each(|seen| *seen = (near, near));
            }
        }
        plan.link = Some(first);
        plan.links.push(second);
        plan.namespace = Some(namespace);
        Ok(plan)
    }
}
