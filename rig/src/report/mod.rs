//! A run as a page: verdict, figures, a timeline picture.

mod axis;
mod page;
mod picture;
mod samples;
mod series;
#[cfg(test)]
mod tests;

pub use axis::written;
pub use page::{Figure, Report};
pub use samples::{Band, Sample, Samples, quantile, within};
