//! Rules of all endpoints: content encodings, `Host`, origin, metrics.

mod encodings;
mod hosts;
