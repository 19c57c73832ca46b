-- A pile may be registered without its current type. The previous release reads piles.current_type into a text that is not null
-- and must be AC or DC, so a null would make each of its reads of such a pile fail. The change takes three releases:
--   1. This one writes a placeholder into current_type and repeats it in placeholder_current_type: a pile whose two columns are equal
--      has no stated current type. It also reads a null in current_type as not stated.
--   2. The next one writes null, and still reads placeholders.
--   3. The one after it sets the remaining placeholders to null and drops placeholder_current_type.
alter table piles
    alter column current_type drop not null,
    add column placeholder_current_type text check (placeholder_current_type in ('AC', 'DC'));
comment on column piles.current_type is 'AC or DC; null, or equal to placeholder_current_type: not stated';
comment on column piles.placeholder_current_type is 'What is in current_type for the previous release where no current type is stated; null where one is';

-- The previous release neither reads nor writes this column: during a rollout its dispatchers apply their setting everywhere.
alter table stations
    add column startable_statuses text[] check (cardinality(startable_statuses) > 0);
comment on column stations.startable_statuses is 'The connector statuses in which charging may start there; null: the setting dispatch.startable_statuses of command-dispatcher applies';
