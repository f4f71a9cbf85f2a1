//! Faults that are there on purpose: the rig must catch each of them, or its verdicts would be worth
//! nothing. Only a build with the feature `deliberate-faults` has them, and shows one of them when
//! `HALLWAY_FAULT` names it. In every other build [`has`] is `false`, and nothing is left of them.

/// What a server must never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Acknowledge before the commit.
    AckBeforeCommit,
    /// Take the next number without holding the lock of the room.
    MaxPlusOne,
    /// Not look for what was missed while the link to other nodes was away.
    NoCatchUp,
    /// Read a room's changes first and listen to it afterwards.
    ReadThenSubscribe,
    /// Know only by its memory (of one batch) that a message was sent before.
    IdempotencyByCache,
    /// Leave out what does not fit into a slow reader's queue.
    DropOnFullQueue,
    /// Keep the text of a deleted message, and give it out.
    ReplayOfDeletedText,
    /// Not hear from another node that somebody was removed.
    RemovalIgnored,
}

/// Whether this server has the fault.
#[cfg(not(feature = "deliberate-faults"))]
#[inline(always)]
pub const fn has(_: Fault) -> bool {
    false
}

/// Whether this server has the fault.
#[cfg(feature = "deliberate-faults")]
pub fn has(fault: Fault) -> bool {
    static CHOSEN: std::sync::LazyLock<Option<Fault>> = std::sync::LazyLock::new(|| {
        use Fault::*;
        let named = std::env::var("HALLWAY_FAULT").ok()?;
        let known = match &*named {
            "ack-before-commit" => AckBeforeCommit,
            "max-plus-one" => MaxPlusOne,
            "no-catch-up" => NoCatchUp,
            "read-then-subscribe" => ReadThenSubscribe,
            "idempotency-by-cache" => IdempotencyByCache,
            "drop-on-full-queue" => DropOnFullQueue,
            "replay-of-deleted-text" => ReplayOfDeletedText,
            "removal-ignored" => RemovalIgnored,
            other => panic!("HALLWAY_FAULT={other} is none of the deliberate faults"),
        };
        Some(known)
    });
    *CHOSEN == Some(fault)
}
