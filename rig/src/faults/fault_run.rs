//! Runs a cluster with injections of one fault, from its start to the report.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::sync::watch;

use super::{
    catalog::Fault,
    cluster::{Cluster, DatabaseKind},
    context::{FaultContext, Scale},
    integrity,
};
use crate::{
    checker,
    history::{History, Recorder},
    report::{Measurement, Report, Timings},
    workload::{Fixture, Workload},
};

/// The number of accounts besides the admin.
const USERS: usize = 5;
const ROOMS: usize = 3;
/// The number of readers, unless a fault sets another one.
const READERS: usize = 20;
/// Messages a second, unless a fault sets another rate. Two cores carry servers and clients of this
/// load in debug builds.
const RATE: f64 = 100.0;
/// How long the workload may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

pub struct FaultRun<'a> {
    pub fault: &'a Fault,
    pub database: DatabaseKind,
    /// The numbers of the injections in this cluster.
    pub injections: Range<u32>,
    pub scale: Scale,
    /// The server program.
    pub server: &'a Path,
    /// The directory for the reports of all runs.
    pub out: &'a Path,
}

pub struct RunResult {
    pub report: Report,
    /// Whether the only problem is a latency above its limit relative to normal operation.
    pub is_noise: bool,
    /// The directory of this report.
    pub dir: PathBuf,
    pub took: Duration,
}

/// The results of a run that the report needs even if the run fails.
#[derive(Default)]
struct Progress {
    measurements: Vec<Measurement>,
    /// The number of readers and senders. They have the first process numbers and always want a
    /// socket.
    steady_processes: u32,
    /// When the run began to stop the workload, on the clock of the history.
    stopped_at: Option<Duration>,
}

impl FaultRun<'_> {
    /// Injects the fault, checks the history, and writes the report. A failure of the run is part
    /// of the report; an error means that the report could not be written.
    pub async fn run(&self) -> Result<RunResult> {
        let started = Instant::now();
        let (fault, database) = (self.fault, self.database.name());
        let dir = format!("{}-{database}-{}", fault.name, self.injections.start + 1);
        let dir = self.out.join(dir);
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        let recorder = Recorder::default();
        let mut progress = Progress::default();
        let (history, failure) = match self.inject(&recorder, &mut progress, &dir).await {
            Ok(history) => (history, None),
            Err(error) => (recorder.take(), Some(format!("{error:#}"))),
        };
        let mut report = Report {
            title: format!("{} on {database}", fault.name),
            description: format!(
                "{} ({} times), under load.",
                fault.summary,
                self.injections.len()
            ),
            measurements: progress.measurements,
            violations: checker::check(&history),
            failure,
        };
        let end = progress.stopped_at.unwrap_or_else(|| recorder.elapsed());
        let steady = progress.steady_processes;
        let timings = Timings::new(&history, end.as_micros() as u64, steady);
        let mut is_noise = report.is_good();
        if report.failure.is_none() {
            for criterion in fault.criteria {
                let measurement = criterion.measure(&timings);
                is_noise &= criterion.is_relative() || measurement.holds();
                report.measurements.push(measurement);
            }
        }
        is_noise &= !report.is_good();
        report.write(&dir, &timings)?;
        if report.is_good() {
            remove_logs(&dir)?;
        } else {
            history.write(&dir.join("history.jsonl"))?;
        }
        Ok(RunResult { report, is_noise, dir, took: started.elapsed() })
    }

    async fn inject(
        &self,
        recorder: &Recorder,
        progress: &mut Progress,
        dir: &Path,
    ) -> Result<History> {
        let cluster = Cluster::start(self.server, self.database, &self.fault.topology).await?;
        let mut context = self.start_workload(cluster, recorder, progress).await?;
        let mut injected = Ok(());
        for nth in self.injections.clone() {
            injected = (self.fault.inject)(&mut context, nth).await;
            if injected.is_err() {
                break;
            }
        }
        context.run_normally().await;
        progress.stopped_at = Some(recorder.elapsed());
        let FaultContext { workload, cluster, measurements, .. } = context;
        progress.measurements = measurements;
        let history = match injected {
            Ok(()) => workload.stop(STOP_TIMEOUT).await,
            Err(error) => Err(error),
        };
        cluster.copy_logs(dir)?;
        let history = history?;
        if self.database == DatabaseKind::Sqlite {
            cluster.nodes[0].terminate().await?;
            let errors = integrity::count_errors(&cluster.data())?;
            let name = "errors in the database file at the end";
            progress.measurements.push(Measurement::never(name, errors));
        }
        Ok(history)
    }

    async fn start_workload(
        &self,
        cluster: Cluster,
        recorder: &Recorder,
        progress: &mut Progress,
    ) -> Result<FaultContext> {
        let fixture = Fixture::create(cluster.addresses()[0], USERS, ROOMS).await?;
        let (_, nodes) = watch::channel(cluster.addresses());
        let mut workload = Workload::new(nodes, fixture.clone());
        workload.seed = u64::from(self.injections.start) + 1;
        (workload.rate, workload.readers) = (RATE, READERS);
        (self.fault.adjust)(&mut workload);
        progress.steady_processes = (workload.readers + workload.senders) as u32;
        let context = FaultContext {
            workload: workload.start(recorder.clone())?,
            cluster,
            fixture,
            recorder: recorder.clone(),
            scale: self.scale,
            measurements: Vec::new(),
        };
        context.wait_until_recovered().await.context("the clients do not connect")?;
        Ok(context)
    }
}

fn remove_logs(dir: &Path) -> Result<()> {
    for file in fs::read_dir(dir)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
