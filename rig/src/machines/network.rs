//! Networks of our own, with links that can be cut.
//!
//! A cut link is a black hole: whatever is sent into it is gone, and nobody is told. Connections
//! stay open at both ends and hear nothing more, as when a cable is pulled somewhere in between.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use anyhow::{Context, Result, bail};
use nix::unistd::geteuid;

use super::{Place, program::find};

/// A card of this address is nowhere.
const NOWHERE: &str = "02:00:00:00:00:00";

/// A network of its own in which machines can run.
pub struct Namespace {
    name: String,
    links: AtomicU32,
}

impl Namespace {
    /// Makes one, as yet without links. Only root can.
    pub fn create() -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        if !geteuid().is_root() {
            bail!("only root can make network namespaces: run this as root");
        }
        sweep()?;
        let name = format!("rig-{}-{}", std::process::id(), MADE.fetch_add(1, Relaxed));
        ip(&["netns", "add", &name])?;
        let namespace = Self { name, links: AtomicU32::new(0) };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Adds a link between here and there, with an address of its own at each end.
    pub fn link(&self) -> Result<Link> {
        let (host, inside) = free_pair()?;
        let count = self.links.fetch_add(1, Relaxed);
        // A card's name has 15 characters at most.
        let here = format!("rg{:x}", fastrand::u32(..));
        let there = format!("rig{count}");
        let pair = ["type", "veth", "peer", "name", &there, "netns", &self.name];
        ip(&[&["link", "add", &here][..], &pair].concat())?;
        let mut link = Link {
            namespace: self.name.clone(),
            host: (here, host, String::new()),
            inside: (there, inside, String::new()),
        };
        link.up()?;
        Ok(link)
    }

    fn ip(&self, words: &[&str]) -> Result<String> {
        ip(&[&["-n", &self.name], words].concat())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

/// A cable with two ends, each a card (name, address, hardware address).
pub struct Link {
    namespace: String,
    host: (String, Ipv4Addr, String),
    inside: (String, Ipv4Addr, String),
}

impl Link {
    /// The place at the far end: what runs there is reached over this link.
    pub fn place(&self) -> Place {
        Place { address: self.far(), namespace: Some(self.namespace.clone()) }
    }

    /// The far end's address.
    pub fn far(&self) -> IpAddr {
        IpAddr::V4(self.inside.1)
    }

    /// The place at the near end: what runs there, on this side, is reached from the far one.
    pub fn near(&self) -> Place {
        Place { address: IpAddr::V4(self.host.1), namespace: None }
    }

    /// Whatever is sent from now on, in either direction, is lost without a word.
    pub fn cut(&self) -> Result<()> {
        self.point(NOWHERE, NOWHERE)
    }

    /// Lets everything through again.
    pub fn heal(&self) -> Result<()> {
        self.point(&self.inside.2, &self.host.2)
    }

    fn up(&mut self) -> Result<()> {
        let inside = ["-n", &self.namespace];
        let ends: [(&[&str], _); 2] = [(&[], &mut self.host), (&inside, &mut self.inside)];
        for (prefix, (card, address, hardware)) in ends {
            let run = |words: &[&str]| ip(&[prefix, words].concat());
            run(&["address", "add", &format!("{address}/30"), "dev", card])?;
            run(&["link", "set", card, "up"])?;
            let shown = run(&["-oneline", "link", "show", "dev", card])?;
            let mut words = shown.split_whitespace().skip_while(|word| *word != "link/ether");
            *hardware = words.nth(1).context("a card has no address")?.to_owned();
        }
        self.heal()
    }

    /// Frames go to these cards. A frame to a card that is nowhere is dropped at the far end,
    /// while both cards, addresses and routes stay as they are.
    fn point(&self, far: &str, near: &str) -> Result<()> {
        let neighbour = |prefix: &[&str], card: &str, address: Ipv4Addr, hardware: &str| {
            let words = ["neighbour", "replace", &address.to_string(), "lladdr", hardware];
            let rest = ["nud", "permanent", "dev", card];
            ip(&[prefix, &words[..], &rest].concat())
        };
        neighbour(&[], &self.host.0, self.inside.1, far)?;
        neighbour(&["-n", &self.namespace], &self.inside.0, self.host.1, near)?;
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = ip(&["link", "delete", &self.host.0]);
    }
}

/// Two addresses that belong together and to nobody here.
fn free_pair() -> Result<(Ipv4Addr, Ipv4Addr)> {
    for _ in 0..100 {
        let [b, c, d] = [fastrand::u8(64..=254), fastrand::u8(..), fastrand::u8(..64) * 4];
        let routes = ip(&["-4", "route", "show", "root", &format!("10.{b}.{c}.{d}/30")])?;
        if routes.trim().is_empty() {
            return Ok((Ipv4Addr::new(10, b, c, d + 1), Ipv4Addr::new(10, b, c, d + 2)));
        }
    }
    bail!("no address is free")
}

/// Takes away what a run left that was killed.
fn sweep() -> Result<()> {
    let listed = ip(&["netns", "list"])?;
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    for name in names {
        let maker = name.strip_prefix("rig-").and_then(|rest| rest.split('-').next());
        let is_left = maker.is_some_and(|pid| !Path::new("/proc").join(pid).is_dir());
        if is_left {
            let _ = ip(&["netns", "delete", name]);
        }
    }
    Ok(())
}

fn ip(words: &[&str]) -> Result<String> {
    let Output { status, stdout, stderr } =
        Command::new(find(&["ip"], "iproute2")?).args(words).output()?;
    if !status.success() {
        bail!("ip {}: {}", words.join(" "), String::from_utf8_lossy(&stderr).trim());
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}
