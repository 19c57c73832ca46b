-- Migrations widen the schema, so that a release goes on working on the schema of the next one. What nobody uses any more may be
-- taken away by a later release; the migration that does says here who still works on the schema:
--     update schema_floor set oldest = '20261123000016';
create table schema_floor (
    is_only boolean primary key default true check (is_only),
    oldest text collate "C" not null
);
insert into schema_floor (oldest) values ('0');

comment on table schema_floor is 'One row: how old a release may be that works on this schema; programs of older ones refuse to start';
comment on column schema_floor.is_only is 'True; there is no second row';
comment on column schema_floor.oldest is 'The version of the newest migration that the oldest such release was built with; 0 for any';
