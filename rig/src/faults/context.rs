//! The cluster under load into which a fault is injected.

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
    /// How long the workload runs without a fault, before each fault and after the last one.
    pub normal: Duration,
    /// How long the fault stays active, unless the injection decides that.
    pub broken: Duration,
    /// The number of sockets or requests, for faults with many.
    pub count: usize,
}

/// A cluster under load. The order of the fields matters: the workload is dropped before the
/// cluster.
pub struct FaultContext {
    pub workload: RunningWorkload,
    pub cluster: Cluster,
    pub fixture: Fixture,
    pub recorder: Recorder,
    pub scale: Scale,
    /// The measurements of the injections.
    pub measurements: Vec<Measurement>,
}

impl FaultContext {
    /// Lets the workload run without a fault.
    pub async fn run_normally(&self) {
        sleep(self.scale.normal).await;
    }

    /// Waits while the fault is active.
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

    /// Records that the fault is repaired, and waits for an ack and until all nodes and clients
    /// have recovered.
    pub async fn end_fault_and_recover(&self, name: &str) -> Result<()> {
        self.end_fault(name);
        self.wait_for_acks(1).await?;
        self.wait_until_recovered().await
    }

    /// Waits for this many further acks. Fails after 60 s.
    pub async fn wait_for_acks(&self, count: usize) -> Result<()> {
        let (before, started) = (self.workload.acks(), Instant::now());
        while self.workload.acks() < before + count {
            ensure!(started.elapsed() < RECOVERY_TIMEOUT, "no ack for {RECOVERY_TIMEOUT:?}");
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Waits until every node is ready and every client is connected and in sync. Fails after 60 s.
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

    /// Adds a measurement. Of several measurements with one name, the worst one is kept.
    pub fn add_measurement(&mut self, new: Measurement) {
        let is_worse = |old: &Measurement| match (new.value, old.value) {
            (Some(new), Some(old)) => new > old,
            (new, old) => new.is_none() && old.is_some(),
        };
        match self.measurements.iter_mut().find(|old| old.name == new.name) {
            Some(old) if is_worse(old) => *old = new,
            Some(_) => {}
            None => self.measurements.push(new),
        }
    }
}
