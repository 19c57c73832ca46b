-- Every table has an end: docs/retention.md lists what bounds each. The indexes by which old rows are found, and those by which a
-- deleted row finds what refers to it, are built after the migrations without blocking writers: see storage::database::online_steps.
-- None of them is on a column that events change, and an open command is in none of them.

comment on table commands is 'Commands to charge points, written before anything is published; closed ones are deleted after retention.commands_days';
comment on table command_batches is 'Commands to many piles of a station, sent one by one at a rate; finished ones are deleted with their piles after retention.batches_days';
comment on table dead_letters is 'Records that could not be applied, kept whole; deleted after retention.settled_dead_letters_days and retention.dead_letters_days. Records beyond ingest.dead_letters_per_minute are one row for a range of offsets, without their bytes';
comment on table sessions is 'Charging sessions, derived from session_ledgers; ended ones are archived to a file and deleted after retention.sessions_days';
comment on table charge_points is 'Devices as heard through the gateways, registered as piles or not; written by ingestors and by replays of dead letters. Devices that were never registered are deleted after retention.unregistered_devices_days of silence';
comment on table asset_edits is 'Every edit of a station, a pile or a tariff, and every end of a session by an operator, written with the edit itself; never changed, and deleted after retention.audit_days';
