//! Fills the disk, and lets the clock jump.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::problem::Code;
use tokio::time::sleep;

use super::context::FaultContext;
use crate::{
    accounts::PASSWORD,
    api::{Api, Outcome},
    report::Measurement,
    services::{Service, SmallDisk},
};

/// How long writes may still succeed on a full disk, because the server has allocated space before.
const FULL_TIMEOUT: Duration = Duration::from_secs(30);
/// After this long without an ack, writes count as failing.
const NO_ACK_PERIOD: Duration = Duration::from_millis(500);
/// How long libfaketime and the server may still use a cached time after the clock was set.
const CLOCK_CACHE_TIME: Duration = Duration::from_millis(2_500);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Fills the disk of the data directory, reads pages meanwhile, and frees the disk.
pub async fn fill_disk(context: &mut FaultContext) -> Result<()> {
    context.run_normally().await;
    let pid = context.cluster.nodes[0].pid();
    fill_until_writes_fail(context).await?;
    let fault = "disk full";
    context.begin_fault(fault);
    let api = Api::new(REQUEST_TIMEOUT)?;
    let mut failed_reads = 0;
    let until = Instant::now() + context.scale.broken;
    while Instant::now() < until {
        disk(context)?.fill()?;
        let session = context.fixture.admin.session_at(context.cluster.addresses()[0]);
        let page = api.newest_page(session, context.fixture.rooms[0]).await;
        failed_reads += usize::from(page.ok().is_none());
        sleep(Duration::from_millis(100)).await;
    }
    context.add_measurement(Measurement::never(
        "reads that failed while the disk was full",
        failed_reads,
    ));
    disk(context)?.free()?;
    context.end_fault(fault);
    context.wait_for_acks(1).await?;
    let restarts = usize::from(pid != context.cluster.nodes[0].pid());
    context.add_measurement(Measurement::never("restarts", restarts));
    context.wait_until_recovered().await
}

fn disk(context: &FaultContext) -> Result<&SmallDisk> {
    context.cluster.disk.as_ref().context("the cluster has no small disk")
}

/// Fills the disk, and again any space that becomes free, until no more ack comes.
async fn fill_until_writes_fail(context: &FaultContext) -> Result<()> {
    let started = Instant::now();
    let (mut acks, mut last_ack) = (context.workload.acks(), started);
    while last_ack.elapsed() < NO_ACK_PERIOD {
        ensure!(started.elapsed() < FULL_TIMEOUT, "acks still come although the disk is full");
        disk(context)?.fill()?;
        sleep(Duration::from_millis(20)).await;
        if context.workload.acks() != acks {
            (acks, last_ack) = (context.workload.acks(), Instant::now());
        }
    }
    Ok(())
}

/// Whether a session that began before a jump must still be valid after it.
#[derive(Clone, Copy)]
pub enum OldSession {
    Valid,
    Expired,
}

/// Sets the clock of a running server to an offset of this many seconds, and back later. Sign-ins
/// must work all the time.
pub async fn jump_clock(
    context: &mut FaultContext,
    fault: &str,
    seconds: i64,
    old_session: OldSession,
) -> Result<()> {
    context.run_normally().await;
    context.begin_fault(fault);
    set_clock(context, seconds).await?;
    check_sessions(context, fault, old_session).await?;
    context.keep_broken().await;
    set_clock(context, 0).await?;
    context.end_fault(fault);
    check_sessions(context, "clock right again", OldSession::Valid).await?;
    context.wait_for_acks(1).await?;
    context.wait_until_recovered().await
}

async fn set_clock(context: &FaultContext, seconds: i64) -> Result<()> {
    let clock = context.cluster.clock.as_ref().context("the cluster has no clock of its own")?;
    clock.set_offset(seconds)?;
    sleep(CLOCK_CACHE_TIME).await;
    Ok(())
}

/// Checks the session that the admin got before the jump, and signs in. `when` begins the names of
/// the measurements.
async fn check_sessions(
    context: &mut FaultContext,
    when: &str,
    expected: OldSession,
) -> Result<()> {
    let api = Api::new(REQUEST_TIMEOUT)?;
    let (admin, node) = (&context.fixture.admin, context.cluster.addresses()[0]);
    let is_right = match (api.me(admin.session_at(node)).await, expected) {
        (Outcome::Ok(_), OldSession::Valid) => true,
        (Outcome::Refused(code), OldSession::Expired) => code == Code::Unauthenticated,
        _ => false,
    };
    let sign_in = api.sign_in(node, &admin.user.username, PASSWORD).await;
    let refused = usize::from(sign_in.ok().is_none());
    let name = format!("{when}: the earlier session is wrongly valid or expired");
    context.add_measurement(Measurement::never(name, usize::from(!is_right)));
    context.add_measurement(Measurement::never(format!("{when}: sign-ins refused"), refused));
    Ok(())
}
