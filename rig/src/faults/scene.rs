//! An installation under load, in which something is broken and mended.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tokio::time::sleep;

use super::cluster::Cluster;
use crate::{
    history::{Phase, Recorder},
    report::Figure,
    services::Service,
    workload::{Running, Stage},
};

/// A socket that was lost is not missed at once.
const NOTICED: Duration = Duration::from_millis(500);
/// How long a fault may keep everything from moving.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Normal load before a fault, and after the last.
    pub calm: Duration,
    /// How long something stays broken, where that can be chosen.
    pub broken: Duration,
    /// How many of what a fault has many of: sockets, requests.
    pub many: usize,
}

/// What a fault works with.
pub struct Scene {
    /// The people; they go before the services.
    pub running: Running,
    /// The installation.
    pub cluster: Cluster,
    /// Accounts and rooms.
    pub stage: Stage,
    /// Where everything is written down.
    pub recorder: Recorder,
    /// How long things take.
    pub pace: Pace,
    /// What was measured at the spot.
    pub figures: Vec<Figure>,
}

impl Scene {
    /// Lets people talk undisturbed.
    pub async fn calm(&self) {
        sleep(self.pace.calm).await;
    }

    /// Leaves broken what is broken.
    pub async fn hold(&self) {
        sleep(self.pace.broken).await;
    }

    /// Something is about to be broken.
    pub fn begin(&self, name: &str) {
        self.running.note(name, Phase::Begin);
    }

    /// It is whole again.
    pub fn end(&self, name: &str) {
        self.running.note(name, Phase::End);
    }

    /// Waits until so many more messages were acked. Fails after a minute without.
    pub async fn progress(&self, acks: u64) -> Result<()> {
        let (before, began) = (self.running.acks(), Instant::now());
        while self.running.acks() < before + acks {
            if began.elapsed() > PATIENCE {
                bail!("nothing was acked for {} s", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Waits until every node is ready, and everybody misses nothing (60 s at most).
    pub async fn whole(&self) -> Result<()> {
        for node in &self.cluster.nodes {
            node.wait_until_ready().await?;
        }
        sleep(NOTICED).await;
        let is_whole = self.running.until_resumed(PATIENCE).await;
        ensure!(is_whole, "{:?} after {} s", self.running.resumed(), PATIENCE.as_secs());
        Ok(())
    }

    /// Keeps the worst of a figure that is measured again and again.
    pub fn measured(&mut self, figure: Figure) {
        match self.figures.iter_mut().find(|known| known.name == figure.name) {
            Some(known)
                if known.value.is_none_or(|value| figure.value.is_some_and(|v| v <= value)) => {}
            Some(known) => *known = figure,
            None => self.figures.push(figure),
        }
    }
}
