//! Limits the idle connections on which no caller was authenticated.
//!
//! Without a limit of their own, clients without a token could hold every connection of the server.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    num::NonZeroUsize,
    rc::Rc,
    task::{Context, Waker},
};

use opentelemetry::{global, metrics::Counter};

/// The idle unauthenticated connections of one worker. When there are too many, the one that has
/// been idle for longest is closed: a client that sends its request at once is served even while
/// others hold connections.
pub(super) struct IdleConnections {
    limit: usize,
    next: Cell<u64>,
    /// In the order in which the connections became idle.
    idle: RefCell<BTreeMap<u64, Rc<Tracked>>>,
    closed: Counter<u64>,
}

/// One connection as its worker tracks it.
struct Tracked {
    connections: Rc<IdleConnections>,
    state: Cell<State>,
    /// Wakes the task of the connection, which then notices that it must close.
    waker: RefCell<Option<Waker>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A handler runs, and no caller was authenticated before.
    Busy,
    /// No handler runs; the key is that in `IdleConnections::idle`.
    Idle(u64),
    /// A caller was authenticated: the connection counts no longer.
    Authenticated,
    /// The connection was closed, or must close.
    Closed,
}

impl IdleConnections {
    /// Admits `limit` idle unauthenticated connections.
    pub(super) fn new(limit: NonZeroUsize) -> Rc<Self> {
        let closed = global::meter("http")
            .u64_counter("http.server.unauthenticated.closed")
            .with_description("Idle connections without an authenticated caller that were closed because there were too many")
            .build();
        // Exported as 0 from the start, so that the first increase is visible.
        closed.add(0, &[]);
        Rc::new(Self { limit: limit.get(), next: Cell::default(), idle: RefCell::default(), closed })
    }

    /// Tracks a new connection.
    pub(super) fn track(self: &Rc<Self>) -> ConnectionTracker {
        let connections = Rc::clone(self);
        let state = Cell::new(State::Busy);
        let tracker = ConnectionTracker(Rc::new(Tracked { connections, state, waker: RefCell::default() }));
        tracker.finish_work();
        tracker
    }

    fn insert(&self, connection: Rc<Tracked>) {
        let key = self.next.get();
        self.next.set(key + 1);
        connection.state.set(State::Idle(key));
        let mut idle = self.idle.borrow_mut();
        idle.insert(key, connection);
        if idle.len() > self.limit
            && let Some((_, longest)) = idle.pop_first()
        {
            self.closed.add(1, &[]);
            longest.state.set(State::Closed);
            if let Some(waker) = longest.waker.take() {
                waker.wake();
            }
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.idle.borrow().len()
    }
}

/// Reports what happens on a connection to [`IdleConnections`]. Cheap to clone.
#[derive(Clone)]
pub(super) struct ConnectionTracker(Rc<Tracked>);

impl ConnectionTracker {
    /// Records that a handler runs for a request of the connection.
    pub(super) fn begin_work(&self) {
        self.leave(State::Busy);
    }

    /// Records that the handler has finished.
    pub(super) fn finish_work(&self) {
        if self.0.state.get() == State::Busy {
            self.0.connections.insert(Rc::clone(&self.0));
        }
    }

    /// Records that a caller was authenticated on the connection.
    pub(super) fn authenticate(&self) {
        self.leave(State::Authenticated);
    }

    /// Records that the connection is gone.
    pub(super) fn close(&self) {
        self.leave(State::Closed);
    }

    /// Whether the connection must be closed; wakes the task of `cx` when that becomes true.
    pub(super) fn must_close(&self, cx: &Context<'_>) -> bool {
        match self.0.state.get() {
            State::Closed => true,
            State::Busy | State::Authenticated => false,
            State::Idle(_) => {
                let mut waker = self.0.waker.borrow_mut();
                match waker.as_mut() {
                    Some(known) => known.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
                false
            }
        }
    }

    fn leave(&self, to: State) {
        let from = self.0.state.get();
        if let State::Idle(key) = from {
            self.0.connections.idle.borrow_mut().remove(&key);
        }
        // An authenticated connection stays authenticated, and a closed one closed.
        if matches!(from, State::Idle(_) | State::Busy) || to == State::Closed {
            self.0.state.set(to);
        }
    }
}

#[cfg(test)]
mod tests;
