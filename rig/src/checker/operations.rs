//! Operations of a history: what a process invoked, and how it completed.

use crate::history::{Draft, Transport};

/// How an operation completed, in Jepsen's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The history has no reply.
    Pending,
    /// Done; the entry of the reply.
    Ok(usize),
    /// Certainly not done.
    Fail,
    /// Indeterminate: the connection was lost, or the server asked for a retry.
    Info,
}

#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The entry of the invocation.
    pub invoked: usize,
    pub completion: Completion,
}

impl Operation {
    pub fn new(invoked: usize) -> Self {
        Self { invoked, completion: Completion::Pending }
    }

    pub fn may_be_done(&self) -> bool {
        self.completion != Completion::Fail
    }

    /// The entry of the successful reply.
    pub fn ok(&self) -> Option<usize> {
        if let Completion::Ok(at) = self.completion { Some(at) } else { None }
    }
}

pub struct SendAttempt {
    pub process: u32,
    pub via: Transport,
    pub operation: Operation,
}

/// All attempts to send one message.
pub struct Sends<'h> {
    pub draft: &'h Draft,
    /// By invocation.
    pub attempts: Vec<SendAttempt>,
}

impl Sends<'_> {
    /// The entries of the acks.
    pub fn acks(&self) -> impl Iterator<Item = usize> {
        self.attempts.iter().filter_map(|attempt| attempt.operation.ok())
    }
}

/// A join or a removal.
pub struct MembershipChange {
    pub is_join: bool,
    pub operation: Operation,
}

/// The first invocation that may have been done.
pub fn first_possible<'o>(operations: impl IntoIterator<Item = &'o Operation>) -> Option<usize> {
    let mut operations = operations.into_iter();
    operations.find(|operation| operation.may_be_done()).map(|operation| operation.invoked)
}
