//! The checker accepts valid histories and finds the anomaly in each corrupted one.

mod corrupted;
mod fixtures;
mod leaks;
mod model;
mod valid_histories;
