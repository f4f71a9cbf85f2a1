//! What a fault acts on: a cluster under load.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::cluster::Cluster;
use crate::{
    history::{FaultPhase, Recorder},
    report::Measurement,
    services::Service,
    workload::{Fixture, RunningWorkload},
};

/// How long a client may take to notice a lost socket.
const NOTICE_DELAY: Duration = Duration::from_millis(500);
/// How long the cluster may take to recover from a fault.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// The durations and counts of a fault.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// How long the workload runs before a fault, and after the last one.
    pub normal: Duration,
    /// How long the fault stays active, if that can be chosen.
    pub broken: Duration,
    /// The number of sockets or requests of faults that have many.
    pub count: usize,
}

/// The workload is dropped before the cluster.
pub struct FaultContext {
    pub workload: RunningWorkload,
    pub cluster: Cluster,
    pub fixture: Fixture,
    pub recorder: Recorder,
    pub scale: Scale,
    /// What the faults measured themselves.
    pub measurements: Vec<Measurement>,
}

impl FaultContext {
    /// Lets the workload run without a fault.
    pub async fn run_normally(&self) {
        sleep(self.scale.normal).await;
    }

    /// Keeps the fault active.
    pub async fn keep_broken(&self) {
        sleep(self.scale.broken).await;
    }

    /// Records that a fault is about to begin.
    pub fn begin_fault(&self, name: &str) {
        self.workload.record_fault(name, FaultPhase::Begin);
    }

    /// Records that the fault is repaired.
    pub fn end_fault(&self, name: &str) {
        self.workload.record_fault(name, FaultPhase::End);
    }

    /// Records that the fault is repaired, and waits for an ack and for all nodes and clients.
    pub async fn end_fault_and_recover(&self, name: &str) -> Result<()> {
        self.end_fault(name);
        self.wait_for_acks(1).await?;
        self.wait_until_recovered().await
    }

    /// Waits at most 60 s for so many further acks.
    pub async fn wait_for_acks(&self, count: usize) -> Result<()> {
        let (before, started) = (self.workload.acks(), Instant::now());
        while self.workload.acks() < before + count {
            ensure!(started.elapsed() < RECOVERY_TIMEOUT, "no ack for {RECOVERY_TIMEOUT:?}");
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Waits until every node is ready and every client is in sync, at most 60 s.
    pub async fn wait_until_recovered(&self) -> Result<()> {
        for node in &self.cluster.nodes {
            node.wait_until_ready().await?;
        }
        sleep(NOTICE_DELAY).await;
        let is_connected = self.workload.wait_until_connected(RECOVERY_TIMEOUT).await;
        let connected = self.workload.connected();
        ensure!(is_connected, "{connected:?} after {RECOVERY_TIMEOUT:?}");
        Ok(())
    }

    /// Adds a measurement. Of several with one name it keeps the worst.
    pub fn measure(&mut self, measured: Measurement) {
        let is_worse = |known: &Measurement| match (measured.value, known.value) {
            (Some(measured), Some(known)) => measured > known,
            (measured, known) => measured.is_none() && known.is_some(),
        };
        match self.measurements.iter_mut().find(|known| known.name == measured.name) {
            Some(known) if is_worse(known) => *known = measured,
            Some(_) => {}
            None => self.measurements.push(measured),
        }
    }
}
