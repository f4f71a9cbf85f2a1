//! Operations of a history, with their invocations and completions.

use crate::history::{Draft, Transport};

/// How an operation completed, in Jepsen's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The history has no completion, because the run ended before.
    Pending,
    /// Done. The index of the reply's entry.
    Ok(usize),
    /// Certainly not done.
    Fail,
    /// Indeterminate: no reply came, or a refusal that may be retried.
    Info,
}

#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The index of the invocation's entry.
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

    /// The index of the successful reply's entry.
    pub fn ok(&self) -> Option<usize> {
        if let Completion::Ok(at) = self.completion { Some(at) } else { None }
    }
}

pub struct SendAttempt {
    pub process: u32,
    pub via: Transport,
    pub operation: Operation,
}

/// A message, with all attempts to send it.
pub struct SentMessage<'h> {
    pub draft: &'h Draft,
    /// In the order of invocation.
    pub attempts: Vec<SendAttempt>,
}

impl SentMessage<'_> {
    /// The indexes of the acks' entries.
    pub fn acks(&self) -> impl Iterator<Item = usize> {
        self.attempts.iter().filter_map(|attempt| attempt.operation.ok())
    }
}

/// A join or a removal.
pub struct MembershipChange {
    pub is_join: bool,
    pub operation: Operation,
}

/// The index of the first invocation whose operation may have been done.
pub fn first_possible_invocation<'o>(
    operations: impl IntoIterator<Item = &'o Operation>,
) -> Option<usize> {
    let mut operations = operations.into_iter();
    operations.find(|operation| operation.may_be_done()).map(|operation| operation.invoked)
}
