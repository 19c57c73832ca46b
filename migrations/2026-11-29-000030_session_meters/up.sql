-- When the meter of each open session was last published. One worker writes it, so ingest pays nothing for it.
create table session_metered (
    session_id uuid primary key,
    reading_at timestamptz not null,
    emitted_at timestamptz not null
) with (fillfactor = 70);
comment on table session_metered is 'The last charging.session.metered.v1 of each open session; the row is deleted after the session has ended';
comment on column session_metered.session_id is 'The session; it may have ended or have been withdrawn since';
comment on column session_metered.reading_at is 'Instant of the newest reading that was published';
comment on column session_metered.emitted_at is 'When it was published, by PostgreSQL''s clock; the next change follows metered.interval_s later at the earliest';
