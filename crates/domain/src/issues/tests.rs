//! Rules, watches, outages and the ladder.

mod baseline;
mod fixture;
mod outages;
mod properties;
mod recovery;
mod rules;
mod turned_off;
