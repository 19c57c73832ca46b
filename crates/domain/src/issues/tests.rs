//! Rules, watches, outages and the ladder.

mod baseline;
mod clocks;
mod energy;
mod fixture;
mod outages;
mod properties;
mod recovery;
mod rules;
mod turned_off;
