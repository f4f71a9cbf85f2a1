//! One installation, from its start to the verdict.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::sync::watch;

use super::{
    cluster::{Cluster, DatabaseKind},
    scene::{Pace, Scene},
    servers::integrity,
    table::Fault,
};
use crate::{
    checker,
    history::{History, Recorder},
    report::{Figure, Report, Samples},
    workload::{Workload, setup},
};

/// Accounts besides the admin's.
const PEOPLE: usize = 5;
const ROOMS: usize = 3;
/// Those who read all the time, unless a fault says otherwise.
const READERS: usize = 20;
/// Messages a second, unless a fault says otherwise: a load that two cores bear with ease, for
/// servers and people together and without optimisation.
const RATE: f64 = 100.0;
/// How long people may take to come in, and to finish.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is to be done in one installation.
pub struct Session<'a> {
    /// What is done.
    pub fault: &'a Fault,
    /// On which database.
    pub kind: DatabaseKind,
    /// Which of all runs of the fault.
    pub runs: Range<u32>,
    /// How long things take.
    pub pace: Pace,
    /// The server's program.
    pub server: &'a Path,
    /// Where reports go.
    pub out: &'a Path,
}

/// What came of it.
pub struct Outcome {
    /// What is to be said about it.
    pub report: Report,
    /// Whether nothing is wrong but a latency compared with that of calm.
    pub is_noise: bool,
    /// Where that is written.
    pub folder: PathBuf,
    /// How long it took.
    pub took: Duration,
}

/// What is known of a session, however far it came.
#[derive(Default)]
struct Notes {
    /// What was measured at the spot.
    figures: Vec<Figure>,
    /// The first so many processes hold a socket all the time: readers, then senders.
    steady: u32,
    /// When the people began to come to their end.
    until: Option<Duration>,
}

impl Session<'_> {
    /// Does it, judges it, and writes the report. Whatever goes wrong is in the report; an error
    /// is only that which keeps the report from being written.
    pub async fn run(&self) -> Result<Outcome> {
        let began = Instant::now();
        let (fault, kind) = (self.fault, self.kind.name());
        let folder = self.out.join(format!("{}-{kind}-{}", fault.name, self.runs.start + 1));
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let recorder = Recorder::default();
        let mut report = Report {
            title: format!("{} on {kind}", fault.name),
            about: format!("{} ({} times), under load.", fault.does, self.runs.len()),
            figures: Vec::new(),
            violations: Vec::new(),
            failure: None,
        };
        let mut notes = Notes::default();
        let history = match self.play(&recorder, &mut notes, &folder).await {
            Ok(history) => history,
            Err(error) => {
                report.failure = Some(format!("{error:#}"));
                recorder.take()?
            }
        };
        report.violations = checker::check(&history);
        let until = notes.until.unwrap_or_else(|| recorder.elapsed());
        let samples = Samples::of(&history, until.as_micros() as u64, notes.steady);
        report.figures = notes.figures;
        let mut is_noise = report.failure.is_none() && report.is_good();
        if report.failure.is_none() {
            for check in fault.checks {
                let figure = check.figure(&samples);
                is_noise &= check.is_comparison() || figure.holds();
                report.figures.push(figure);
            }
        }
        is_noise &= !report.is_good();
        report.write(&folder, &samples)?;
        if report.is_good() {
            remove_logs(&folder)?;
        } else {
            history.write(&folder.join("history.jsonl"))?;
        }
        Ok(Outcome { report, is_noise, folder, took: began.elapsed() })
    }

    async fn play(&self, recorder: &Recorder, notes: &mut Notes, folder: &Path) -> Result<History> {
        let cluster = Cluster::start(self.server, self.kind, &self.fault.shape).await?;
        let mut scene = self.scene(cluster, recorder, notes).await?;
        let mut done = Ok(());
        for nth in self.runs.clone() {
            done = (self.fault.torment)(&mut scene, nth).await;
            if done.is_err() {
                break;
            }
        }
        scene.calm().await;
        notes.until = Some(recorder.elapsed());
        let Scene { running, cluster, figures, .. } = scene;
        notes.figures = figures;
        let ended = match done {
            Ok(()) => running.stop(PATIENCE).await,
            Err(error) => Err(error),
        };
        cluster.keep_logs(folder)?;
        let history = ended?;
        self.look_at_file(cluster, notes).await?;
        Ok(history)
    }

    async fn scene(
        &self,
        cluster: Cluster,
        recorder: &Recorder,
        notes: &mut Notes,
    ) -> Result<Scene> {
        let stage = setup(cluster.addresses()[0], PEOPLE, ROOMS).await?;
        let (_, nodes) = watch::channel(cluster.addresses());
        let mut workload = Workload::new(nodes, stage.clone());
        workload.seed = u64::from(self.runs.start) + 1;
        (workload.rate, workload.readers) = (RATE, READERS);
        (self.fault.people)(&mut workload);
        notes.steady = (workload.readers + workload.senders) as u32;
        let running = workload.start(recorder.clone()).await?;
        let recorder = recorder.clone();
        let scene = Scene { running, cluster, stage, recorder, pace: self.pace, figures: vec![] };
        scene.whole().await.context("people do not come in")?;
        Ok(scene)
    }

    /// A file must be whole after everything that was done.
    async fn look_at_file(&self, cluster: Cluster, notes: &mut Notes) -> Result<()> {
        if self.kind == DatabaseKind::Sqlite {
            cluster.nodes[0].terminate().await?;
            let complaints = integrity(&cluster.data())?;
            notes.figures.push(Figure::never("complaints about the file at the end", complaints));
        }
        Ok(())
    }
}

fn remove_logs(folder: &Path) -> Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
