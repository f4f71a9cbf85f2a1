//! Failpoints: faults that the rig activates to test itself, because a checker that never found a fault
//! proves nothing. Only a build with the feature `deliberate-faults` contains them; the environment
//! variable `HALLWAY_FAULT` activates one. In every other build [`is_active`] is `false` at compile time.

/// A fault that violates a promise of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failpoint {
    /// Acknowledge before the commit.
    AckBeforeCommit,
    /// Assign numbers without the lock of the room.
    MaxPlusOne,
    /// Do not reconcile with the database after the relay was down.
    NoCatchUp,
    /// Read a room's changes before subscribing, instead of after.
    ReadThenSubscribe,
    /// Detect duplicate posts only within one batch.
    IdempotencyByCache,
    /// Drop changes for a slow reader without marking it as lagging.
    DropOnFullQueue,
    /// Keep the text of a deleted message, and replay it.
    ReplayOfDeletedText,
    /// Write a reaction without the next `rev`.
    ReactionWithoutRev,
    /// Keep the subscriptions of a removed member.
    RemovalIgnored,
    /// Find messages in rooms that the user has left.
    SearchForgetsVisibility,
    /// Send the presence in a room to everybody.
    PresenceToldOutside,
    /// Leave the last message of each chunk out of the search index.
    IndexSkipsOne,
}

/// Whether the failpoint is active.
#[cfg(not(feature = "deliberate-faults"))]
#[inline(always)]
pub const fn is_active(_: Failpoint) -> bool {
    false
}

/// Whether the failpoint is active.
#[cfg(feature = "deliberate-faults")]
pub fn is_active(failpoint: Failpoint) -> bool {
    static ACTIVE: std::sync::LazyLock<Option<Failpoint>> = std::sync::LazyLock::new(|| {
        use Failpoint::*;
        let name = std::env::var("HALLWAY_FAULT").ok()?;
        let failpoint = match &*name {
            "ack-before-commit" => AckBeforeCommit,
            "max-plus-one" => MaxPlusOne,
            "no-catch-up" => NoCatchUp,
            "read-then-subscribe" => ReadThenSubscribe,
            "idempotency-by-cache" => IdempotencyByCache,
            "drop-on-full-queue" => DropOnFullQueue,
            "replay-of-deleted-text" => ReplayOfDeletedText,
            "reaction-without-rev" => ReactionWithoutRev,
            "removal-ignored" => RemovalIgnored,
            "search-forgets-visibility" => SearchForgetsVisibility,
            "presence-told-outside" => PresenceToldOutside,
            "index-skips-one" => IndexSkipsOne,
            other => panic!("HALLWAY_FAULT={other} names no failpoint"),
        };
        Some(failpoint)
    });
    *ACTIVE == Some(failpoint)
}
