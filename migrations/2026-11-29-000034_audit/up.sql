-- The audit covers everything that callers change, and who replayed a dead letter. The previous release writes rows without the
-- new columns. Indexes are built after the migrations: see storage::database::online_steps.
alter table asset_edits add column thing_type text, add column thing_id uuid;
alter table asset_edits
    add constraint asset_edits_thing_check check (
        (thing_type is null) = (thing_id is null)
        and thing_type in ('tariffVersion', 'tariffBinding', 'deadLetter', 'import', 'commandBatch')) not valid,
    drop constraint asset_edits_action_check,
    add constraint asset_edits_action_check check (action in
        ('created', 'updated', 'retired', 'restored', 'ended', 'discarded', 'published', 'replayed', 'imported', 'cancelled')) not valid;
comment on table asset_edits is 'What callers did: every edit of a station, a pile or a tariff, every end of a session, and entries about other things, written with the change itself; never changed';
comment on column asset_edits.asset_id is 'The station, the pile, the tariff or the session; of an entry about another thing, the id of the entry';
comment on column asset_edits.version is 'The version that the edit led to; 1 for an entry about another thing';
comment on column asset_edits.edited_by is 'The sub of the caller, anonymous without authentication; unknown for a batch of a release that did not record it';
comment on column asset_edits.thing_type is 'What an entry about another thing is about; null for stations, piles, tariffs and sessions';
comment on column asset_edits.thing_id is 'Its id; of a tariff version that of its tariff; null as thing_type';

alter table dead_letters add column replayed_by text;
comment on column dead_letters.replayed_by is 'The sub of the caller of the last replay; null if there was none, or its release did not record it';

-- A batch is recorded whichever release creates or cancels it. What a release does not record is no field of the row. A batch that is
-- cancelled finishes at the same time.
create function audit_command_batch() returns trigger language plpgsql as $$
declare
    batch constant jsonb := to_jsonb(new);
    facts constant jsonb := jsonb_build_object('stationId', new.station_id, 'name', new.name, 'piles', new.piles);
begin
    if tg_op = 'INSERT' then
        insert into asset_edits (asset_id, version, action, edited_at, edited_by, after, thing_type, thing_id)
        values (gen_random_uuid(), 1, 'created', new.created_at, coalesce(batch ->> 'issued_by', 'unknown'), facts, 'commandBatch', new.id);
    elsif batch ->> 'cancelled_at' is not null then
        insert into asset_edits (asset_id, version, action, edited_at, edited_by, before, thing_type, thing_id)
        values (gen_random_uuid(), 1, 'cancelled', new.finished_at, coalesce(batch ->> 'cancelled_by', 'unknown'), facts, 'commandBatch', new.id);
    end if;
    return null;
end $$;
create trigger created_batches_are_audited after insert on command_batches
    for each row execute function audit_command_batch();
create trigger cancelled_batches_are_audited after update of finished_at on command_batches
    for each row when (old.finished_at is null and new.finished_at is not null) execute function audit_command_batch();
