//! Rules, watches, outages and the ladder.

mod fixture;
mod outages;
mod properties;
mod recovery;
mod rules;
