//! What every response shares: content encodings, the `Host` and the origin of requests, metrics.

mod encodings;
mod hosts;
