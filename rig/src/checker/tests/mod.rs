//! The checker, tested: honest histories are clean, spoilt ones are not.

mod honest;
mod leaks;
mod model;
mod mutated;
mod spoilt;
