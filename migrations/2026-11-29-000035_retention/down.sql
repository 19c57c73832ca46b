drop index if exists commands_by_age, command_batches_by_age, command_batch_items_of_command, session_limits_of_stop,
    idempotency_keys_of_batch, dead_letters_settled, asset_edits_by_age;
comment on table commands is 'Commands to charge points; a row stands before anything is published';
comment on table command_batches is 'Commands to many piles of a station, sent one by one at a rate';
comment on table dead_letters is 'Records that nobody can use, kept whole';
comment on table sessions is 'Charging sessions, derived from session_ledgers; ended ones are kept';
comment on table charge_points is 'Devices as heard through the gateways, registered as piles or not; written by ingestors and by replays of dead letters';
comment on table asset_edits is 'Every edit of a station, a pile or a tariff, and every end of a session by an operator, written with the edit itself; never changed';
