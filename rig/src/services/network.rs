//! Network namespaces with links that a run can cut.
//!
//! A cut link drops all packets silently. Connections stay open at both ends and receive nothing
//! more, as if a cable between two switches were pulled.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use anyhow::{Context, Result, bail};
use nix::unistd::geteuid;

use super::{Host, program::find_program};

/// A hardware address that no interface has.
const UNUSED_MAC: &str = "02:00:00:00:00:00";

/// A network namespace in which services can run.
pub struct Namespace {
    name: String,
    link_count: AtomicU32,
}

impl Namespace {
    /// Creates a namespace without links. Needs root.
    pub fn create() -> Result<Self> {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        if !geteuid().is_root() {
            bail!("only root can create network namespaces: run this as root");
        }
        delete_stale_namespaces()?;
        let name = format!("rig-{}-{}", std::process::id(), CREATED.fetch_add(1, Relaxed));
        ip(&["netns", "add", &name])?;
        ip(&["-n", &name, "link", "set", "lo", "up"])?;
        Ok(Self { name, link_count: AtomicU32::new(0) })
    }

    /// Adds a link between this machine and the namespace, with an address of its own at each end.
    pub fn link(&self) -> Result<Link> {
        let (near, far) = free_address_pair()?;
        let count = self.link_count.fetch_add(1, Relaxed);
        // Linux limits an interface name to 15 characters.
        let (near_name, far_name) = (format!("rg{:x}", fastrand::u32(..)), format!("rig{count}"));
        ip(&[
            &["link", "add", &near_name, "type", "veth"][..],
            &["peer", "name", &far_name, "netns", &self.name],
        ]
        .concat())?;
        // The value exists before the addresses are set, so that a failure drops it and removes the
        // link.
        let interface = |name, address, mac| Interface { name, address, mac };
        let mut link = Link {
            namespace: self.name.clone(),
            near: interface(near_name, near, String::new()),
            far: interface(far_name, far, String::new()),
        };
        link.near.bring_up(&[])?;
        link.far.bring_up(&["-n", &self.name])?;
        link.heal()?;
        Ok(link)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

/// A pair of virtual Ethernet interfaces: one in the rig's namespace (near), one in another (far).
pub struct Link {
    namespace: String,
    near: Interface,
    far: Interface,
}

/// One end of a link.
struct Interface {
    name: String,
    address: Ipv4Addr,
    /// The hardware address; empty until the interface is up.
    mac: String,
}

impl Interface {
    /// Sets the address, brings the interface up, and reads its hardware address. `prefix` are the
    /// options that make `ip` act in the interface's namespace.
    fn bring_up(&mut self, prefix: &[&str]) -> Result<()> {
        let run = |words: &[&str]| ip(&[prefix, words].concat());
        run(&["address", "add", &format!("{}/30", self.address), "dev", &self.name])?;
        run(&["link", "set", &self.name, "up"])?;
        let shown = run(&["-oneline", "link", "show", "dev", &self.name])?;
        let mut words = shown.split_whitespace().skip_while(|word| *word != "link/ether");
        self.mac = words.nth(1).context("an interface has no hardware address")?.to_owned();
        Ok(())
    }
}

impl Link {
    /// The host at the far end: clients on this machine reach it over this link.
    pub fn far_host(&self) -> Host {
        Host { address: self.far_address(), namespace: Some(self.namespace.clone()) }
    }

    pub fn far_address(&self) -> IpAddr {
        IpAddr::V4(self.far.address)
    }

    /// This machine, as the namespace reaches it over this link.
    pub fn near_host(&self) -> Host {
        Host { address: IpAddr::V4(self.near.address), namespace: None }
    }

    /// Drops all packets in both directions from now on.
    pub fn cut(&self) -> Result<()> {
        self.set_neighbours(UNUSED_MAC, UNUSED_MAC)
    }

    /// Lets all packets through again.
    pub fn heal(&self) -> Result<()> {
        self.set_neighbours(&self.far.mac, &self.near.mac)
    }

    /// Sets the hardware addresses to which each end sends its Ethernet frames. The receiver drops
    /// a frame to an unused address, while interfaces, addresses and routes stay as they are.
    fn set_neighbours(&self, far_mac: &str, near_mac: &str) -> Result<()> {
        let set = |prefix: &[&str], interface: &Interface, address: Ipv4Addr, mac: &str| {
            let address = address.to_string();
            let words = ["neighbour", "replace", &address, "lladdr", mac, "nud", "permanent"];
            ip(&[prefix, &words[..], &["dev", &interface.name]].concat())
        };
        set(&[], &self.near, self.far.address, far_mac)?;
        set(&["-n", &self.namespace], &self.far, self.near.address, near_mac)?;
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = ip(&["link", "delete", &self.near.name]);
    }
}

/// Two addresses of a /30 network that this machine has no route to.
fn free_address_pair() -> Result<(Ipv4Addr, Ipv4Addr)> {
    for _ in 0..100 {
        let [b, c, d] = [fastrand::u8(64..=254), fastrand::u8(..), fastrand::u8(..64) * 4];
        let routes = ip(&["-4", "route", "show", "root", &format!("10.{b}.{c}.{d}/30")])?;
        if routes.trim().is_empty() {
            return Ok((Ipv4Addr::new(10, b, c, d + 1), Ipv4Addr::new(10, b, c, d + 2)));
        }
    }
    bail!("no address is free")
}

/// Deletes the namespaces of earlier runs whose process no longer exists.
fn delete_stale_namespaces() -> Result<()> {
    let listed = ip(&["netns", "list"])?;
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    for name in names {
        let creator = name.strip_prefix("rig-").and_then(|rest| rest.split('-').next());
        if creator.is_some_and(|pid| !Path::new("/proc").join(pid).is_dir()) {
            let _ = ip(&["netns", "delete", name]);
        }
    }
    Ok(())
}

/// Runs the command `ip` and returns its standard output.
fn ip(words: &[&str]) -> Result<String> {
    let Output { status, stdout, stderr } =
        Command::new(find_program(&["ip"], "iproute2")?).args(words).output()?;
    if !status.success() {
        bail!("ip {}: {}", words.join(" "), String::from_utf8_lossy(&stderr).trim());
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}
