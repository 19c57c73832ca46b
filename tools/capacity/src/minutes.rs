//! The day, minute by minute.

use crate::costs::{EVENTS, INGESTOR_S, ROWS_PER_CORE};
use crate::dice::Dice;
use crate::fleet::{DAY, Fleet, Trouble};
use crate::kinds::Events;
use crate::pages::Pages;

/// A backlog of less than this time is none: batches are under way at any moment.
const NOTHING_S: f64 = 1.0;

/// A minute of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    /// Devices that are connected.
    pub online: f64,
    /// Sessions that go on.
    pub charging: f64,
    /// Events that were sent.
    pub events: Events,
    /// Rows that they come to.
    pub rows: f64,
    /// Bytes that Kafka takes in, before replication and compression.
    pub kafka: f64,
    /// Bytes of write-ahead log without images of pages.
    pub log: f64,
    /// Bytes of images of pages.
    pub images: f64,
    /// Bytes by which tables that grow with time have grown.
    pub lasting: f64,
    /// Bytes that the feed of changes has grown by.
    pub feed: f64,
    /// Keys that were written in Redis.
    pub keys: f64,
    /// Seconds of ingestors' CPU.
    pub ingestor_s: f64,
    /// Rows that were written; of what came now or before.
    pub written: f64,
    /// Rows that wait at the end of it.
    pub backlog: f64,
    /// How long what comes last has to wait, seconds.
    pub lag_s: f64,
}

impl Minute {
    /// Whether all is written that came.
    pub fn is_caught_up(&self) -> bool {
        self.lag_s < NOTHING_S
    }
}

/// Devices that lost their gateway.
#[derive(Debug, Clone, Copy)]
struct Away {
    left: f64,
    back_from: u32,
    per_minute: f64,
}

struct Play<'a> {
    fleet: &'a Fleet,
    dice: Dice,
    charging: f64,
    away: Vec<Away>,
    pages: Pages,
    backlog: f64,
}

/// A day of `fleet` with these `troubles`, after one without; at midnight nothing waits.
pub fn play(fleet: &Fleet, troubles: &[Trouble]) -> Vec<Minute> {
    let mut play = Play {
        fleet,
        dice: Dice::new(fleet.seed),
        charging: 0.0,
        away: Vec::new(),
        pages: Pages::of(fleet),
        backlog: 0.0,
    };
    // The day before, so that those who charge at midnight do.
    for minute in 0..DAY {
        play.minute(minute, &[]);
    }
    play.pages = Pages::of(fleet);
    play.backlog = 0.0;
    (0..DAY).map(|minute| play.minute(minute, troubles)).collect()
}

impl Play<'_> {
    fn minute(&mut self, minute: u32, troubles: &[Trouble]) -> Minute {
        let goodbye = troubles.iter().map(|trouble| self.lose(minute, trouble)).sum();
        let hello = self.come_back(minute);
        let online = self.online();
        let events = Events { goodbye, ..self.happen(minute, online / self.fleet.piles, hello) };
        if minute.is_multiple_of(self.fleet.checkpoint_min) {
            self.pages.checkpoint();
        }
        let images = self.pages.images(&events);
        let rows = events.at(&EVENTS, |cost| cost.rows);
        let capacity = self.fleet.cores * ROWS_PER_CORE;
        let stands_still = troubles.iter().any(|trouble| trouble.stands_still(minute));
        let can = if stands_still { 0.0 } else { capacity * 60.0 };
        let written = can.min(self.backlog + rows);
        self.backlog += rows - written;
        Minute {
            online,
            charging: self.charging,
            rows,
            kafka: events.at(&EVENTS, |cost| cost.record),
            log: events.at(&EVENTS, |cost| cost.log),
            images,
            lasting: events.at(&EVENTS, |cost| cost.lasting),
            feed: events.at(&EVENTS, |cost| cost.feed),
            keys: online * 60.0 / self.fleet.refresh_s + hello,
            ingestor_s: events.total() * INGESTOR_S,
            written,
            backlog: self.backlog,
            lag_s: self.backlog / capacity,
            events,
        }
    }

    fn online(&self) -> f64 {
        self.fleet.piles - self.away.iter().map(|away| away.left).sum::<f64>()
    }

    /// Takes devices away, if it is time; says for how many a gateway says goodbye.
    fn lose(&mut self, minute: u32, trouble: &Trouble) -> f64 {
        let (at, share, back_from, is_told) = match *trouble {
            Trouble::PodDies { at, share } => (at, share, at, false),
            Trouble::Cut { at, minutes, share } => (at, share, at + minutes, true),
            Trouble::Standstill { .. } => return 0.0,
        };
        if at != minute {
            return 0.0;
        }
        let left = (self.online() * share).floor();
        self.away.push(Away { left, back_from, per_minute: (left / self.fleet.return_min).ceil() });
        if is_told { left } else { 0.0 }
    }

    /// Lets devices come back; says how many.
    fn come_back(&mut self, minute: u32) -> f64 {
        let mut back = 0.0;
        for away in self.away.iter_mut().filter(|away| away.back_from <= minute) {
            let now = away.per_minute.min(away.left);
            away.left -= now;
            back += now;
        }
        self.away.retain(|away| away.left > 0.0);
        back
    }

    /// What is sent by that share of the devices that are there, and by those that come back.
    fn happen(&mut self, minute: u32, there: f64, hello: f64) -> Events {
        let fleet = self.fleet;
        let free = fleet.piles * fleet.connectors - self.charging;
        let start = self.dice.poisson(fleet.wanted(minute) * there).min(free);
        // How long a session still lasts does not depend on how long it has lasted.
        let stop = self.dice.some_of(self.charging * there, (1.0 / fleet.session_min).min(1.0));
        let reading = self.dice.poisson(self.charging * there * 60.0 / fleet.meter_s);
        self.charging += start - stop;
        Events {
            heartbeat: self.dice.poisson(fleet.piles * there * 60.0 / fleet.heartbeat_s),
            reading,
            // Preparing and Charging, Finishing and Available; who comes back reports every connector.
            status: 2.0 * (start + stop) + fleet.connectors * hello,
            start,
            stop,
            hello,
            goodbye: 0.0,
        }
    }
}
