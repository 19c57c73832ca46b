//! Rules, watches, outages and the ladder.

mod baseline;
mod clocks;
mod fixture;
mod outages;
mod properties;
mod recovery;
mod rules;
