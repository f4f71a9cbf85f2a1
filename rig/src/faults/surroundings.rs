//! A disk that is full, a clock that jumps.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::json;
use shared::paths;
use tokio::time::sleep;

use super::scene::Scene;
use crate::{report::Figure, services::SmallDisk};

/// How long it may take until a full disk is felt: some room is taken already.
const FELT_WITHIN: Duration = Duration::from_secs(30);
/// Nothing was acked for so long: it is felt.
const SILENCE: Duration = Duration::from_millis(500);
/// A program may look at its clock that late: what it knows is kept for whole seconds.
const NOTICED: Duration = Duration::from_millis(2_500);

/// Fills the disk under the data, reads meanwhile, and makes room again.
pub async fn fill_disk(scene: &mut Scene) -> Result<()> {
    scene.calm().await;
    let pid = pid(scene);
    silence(scene).await?;
    let name = "disk full";
    scene.begin(name);
    let mut refused = 0;
    let until = Instant::now() + scene.pace.broken;
    while Instant::now() < until {
        disk(scene)?.fill()?;
        let page = paths::fill(paths::MESSAGES, &[&scene.stage.rooms[0]]);
        let status = ask(scene, Method::GET, &page, &scene.stage.admin.token).await?;
        refused += usize::from(!status.is_success());
        sleep(Duration::from_millis(100)).await;
    }
    scene.measured(Figure::never("reads that failed while the disk was full", refused));
    disk(scene)?.free()?;
    scene.end(name);
    scene.progress(1).await?;
    scene.measured(Figure::never("restarts", usize::from(pid != self::pid(scene))));
    scene.whole().await
}

fn pid(scene: &Scene) -> Option<u32> {
    crate::services::Service::pid(&scene.cluster.nodes[0])
}

fn disk(scene: &Scene) -> Result<&SmallDisk> {
    scene.cluster.disk.as_ref().context("no disk to fill")
}

/// Takes whatever room is left or given back, until nothing is acked any more.
async fn silence(scene: &Scene) -> Result<()> {
    let began = Instant::now();
    let mut last = (scene.running.acks(), began);
    while last.1.elapsed() < SILENCE {
        if began.elapsed() > FELT_WITHIN {
            bail!("the disk is full, and messages are acked all the same");
        }
        disk(scene)?.fill()?;
        sleep(Duration::from_millis(20)).await;
        let acks = scene.running.acks();
        if acks != last.0 {
            last = (acks, Instant::now());
        }
    }
    Ok(())
}

/// A jump of the clock, and what it does to a sign-in of before.
pub struct Jump {
    /// What it is called.
    pub name: &'static str,
    /// By how many seconds.
    pub seconds: i64,
    /// What a sign-in of before the jump is told.
    pub signed_in: StatusCode,
}

/// An hour forth.
pub const HOUR_AHEAD: Jump = Jump { name: "clock +1 h", seconds: 3_600, signed_in: StatusCode::OK };
/// An hour back.
pub const HOUR_BACK: Jump = Jump { name: "clock -1 h", seconds: -3_600, signed_in: StatusCode::OK };
/// A day back.
pub const DAY_BACK: Jump =
    Jump { name: "clock -1 day", seconds: -86_400, signed_in: StatusCode::OK };
/// Ten years forth: every sign-in has run out.
pub const TEN_YEARS_AHEAD: Jump = Jump {
    name: "clock +10 years",
    seconds: 10 * 365 * 86_400,
    signed_in: StatusCode::UNAUTHORIZED,
};

/// Sets the clock under a running server, and later right again. A sign-in of before must be worth
/// what it should be, and a new one must be possible at any time.
pub async fn jump(scene: &mut Scene, jump: &Jump) -> Result<()> {
    scene.calm().await;
    scene.begin(jump.name);
    set(scene, jump.seconds).await?;
    judge(scene, jump.name, jump.signed_in).await?;
    scene.hold().await;
    set(scene, 0).await?;
    scene.end(jump.name);
    judge(scene, "clock right again", StatusCode::OK).await?;
    scene.progress(1).await?;
    scene.whole().await
}

async fn set(scene: &Scene, seconds: i64) -> Result<()> {
    scene.cluster.clock.as_ref().context("no clock to set")?.set_offset(seconds)?;
    sleep(NOTICED).await;
    Ok(())
}

async fn judge(scene: &mut Scene, when: &str, expected: StatusCode) -> Result<()> {
    let status = ask(scene, Method::GET, paths::ME, &scene.stage.admin.token).await?;
    let name = format!("{when}: the sign-in of before is told {status}, not {expected}");
    scene.measured(match status == expected {
        true => Figure::never(format!("{when}: sign-in of before misjudged"), 0),
        false => Figure::never(name, 1),
    });
    let url = format!("http://{}{}", scene.cluster.addresses()[0], paths::SESSIONS);
    let name = &scene.stage.admin.user.username;
    let credentials = json!({"username": name, "password": "correct horse"});
    let status = reqwest::Client::new().post(url).json(&credentials).send().await?.status();
    let refused = usize::from(!status.is_success());
    scene.measured(Figure::never(format!("{when}: new sign-ins refused"), refused));
    Ok(())
}

async fn ask(scene: &Scene, method: Method, path: &str, token: &str) -> Result<StatusCode> {
    let url = format!("http://{}{path}", scene.cluster.addresses()[0]);
    let request = reqwest::Client::new().request(method, url).bearer_auth(token);
    Ok(request.timeout(Duration::from_secs(5)).send().await?.status())
}
