-- Sessions of gateways that send no start: what they rest on, and what tells when they began.
-- In the order in which statements take the tables: a migration that holds one of them and waits for another must not meet
-- a reader that holds that one.

alter table charge_points add column ledger_until timestamptz;
comment on column charge_points.ledger_until is 'Instant of the newest fact in the session ledger; a status that is not newer may change when a session began';

alter table connectors add column status_trail jsonb;
comment on column connectors.status_trail is 'Recent statuses in the order in which they were true: each the Unix time in microseconds and whether a charge can begin, is under way, or neither; and when a charge last began before them';

alter table sessions
    add column started_by text not null default 'event' check (started_by in ('event', 'readings', 'stop'));
comment on column sessions.started_by is 'What shows that it began: transaction.started, the first readings that named the transaction, or its stop alone';
