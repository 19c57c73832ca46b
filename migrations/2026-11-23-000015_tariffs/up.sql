create table tariffs (
    id uuid primary key,
    name text not null,
    operator_id text,
    currency text not null,
    status text not null check (status in ('Draft', 'Active')),
    change_rule text not null check (change_rule in ('FrozenAtStart', 'ByConsumption')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version bigint not null,
    retired_at timestamptz
);
-- Pages run along these, newest first.
create index tariffs_page on tariffs (created_at desc, id desc) where retired_at is null;
create index tariffs_operator_page on tariffs (operator_id, created_at desc, id desc) where retired_at is null;
create index tariffs_retired_page on tariffs (created_at desc, id desc) where retired_at is not null;

comment on table tariffs is 'Names under which price lists follow one another, as operators made them';
comment on column tariffs.id is 'UUIDv7';
comment on column tariffs.name is '1 to 200 printable characters';
comment on column tariffs.operator_id is 'The operator whose tariff it is';
comment on column tariffs.currency is 'ISO 4217 code of what all its prices are in; fixed once it has a version';
comment on column tariffs.status is 'Whether it prices anything: Draft or Active; once it was bound it stays Active';
comment on column tariffs.change_rule is 'What holds for sessions in which prices change: FrozenAtStart or ByConsumption';
comment on column tariffs.created_at is 'When it was made';
comment on column tariffs.updated_at is 'When it was last edited';
comment on column tariffs.version is '1 when made, one more at each edit; the ETag. What becomes of versions of its prices does not count';
comment on column tariffs.retired_at is 'When it was deleted; what was priced by it still is';

-- No state is stored: what has no publication is the draft, and what is superseded follows from the instants.
create table tariff_versions (
    tariff_id uuid not null references tariffs (id),
    number integer not null check (number > 0),
    price_list jsonb not null,
    revision bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    effective_from timestamptz,
    published_at timestamptz,
    published_by text,
    activated_at timestamptz,
    primary key (tariff_id, number),
    check ((published_at is null) = (effective_from is null)),
    check ((published_at is null) = (published_by is null)),
    check (activated_at is null or published_at is not null)
);
create unique index tariff_versions_one_draft on tariff_versions (tariff_id) where published_at is null;
-- Which version is in force at an instant must be plain. Drafts, which have no instant, do not count.
create unique index tariff_versions_effective_from_unique on tariff_versions (tariff_id, effective_from);
create index tariff_versions_due on tariff_versions (effective_from)
    where published_at is not null and activated_at is null;

comment on table tariff_versions is 'Price lists of tariffs: at most one draft each, and those that were published, which never change';
comment on column tariff_versions.tariff_id is 'The tariff';
comment on column tariff_versions.number is '1 for the first of a tariff, one more for each that follows';
comment on column tariff_versions.price_list is 'What it says, in the form of the API';
comment on column tariff_versions.revision is '1 when the draft was made, one more at each edit of it; the ETag';
comment on column tariff_versions.created_at is 'When the draft was made';
comment on column tariff_versions.created_by is 'By whom';
comment on column tariff_versions.updated_at is 'When the draft was last edited';
comment on column tariff_versions.updated_by is 'By whom';
comment on column tariff_versions.effective_from is 'Since when it is in force, until the next one; null for the draft';
comment on column tariff_versions.published_at is 'When it was published; null for the draft';
comment on column tariff_versions.published_by is 'By whom';
comment on column tariff_versions.activated_at is 'When the feed was told that its instant had come; null before';

-- What drivers were shown and sessions were priced by cannot be made otherwise by any statement. One thing may still be noted, once:
-- that the feed was told of the instant.
create function tariff_version_is_final() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        raise exception 'published versions of tariffs are never deleted' using errcode = 'restrict_violation';
    end if;
    if old.published_at is not null
       and (tg_op = 'DELETE'
            or old.activated_at is not null
            or to_jsonb(new) - 'activated_at' is distinct from to_jsonb(old) - 'activated_at') then
        raise exception 'version % of tariff % is published and never changes', old.number, old.tariff_id
            using errcode = 'restrict_violation';
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end $$;
create trigger tariff_versions_are_final before update or delete on tariff_versions
    for each row execute function tariff_version_is_final();
create trigger tariff_versions_are_not_truncated before truncate on tariff_versions
    for each statement execute function tariff_version_is_final();

-- That two of one subject share no time takes equality in an index of ranges.
create extension if not exists btree_gist schema public;
create table tariff_bindings (
    id uuid primary key,
    level text not null,
    operator_id text,
    station_id uuid references stations (id),
    pile_id uuid references piles (id),
    connector_id smallint,
    subject text collate "C" not null generated always as (
        level || coalesce(':' || operator_id, '') || coalesce(':' || station_id::text, '')
              || coalesce(':' || pile_id::text, '') || coalesce(':' || connector_id::text, '')) stored,
    tariff_id uuid not null references tariffs (id),
    effective_from timestamptz not null,
    effective_until timestamptz,
    created_at timestamptz not null,
    created_by text not null,
    ended_at timestamptz,
    ended_by text,
    constraint tariff_bindings_subject_of_level check (
        case level
            when 'platform' then num_nonnulls(operator_id, station_id, pile_id, connector_id) = 0
            when 'operator' then operator_id is not null and num_nonnulls(station_id, pile_id, connector_id) = 0
            when 'station' then station_id is not null and num_nonnulls(operator_id, pile_id, connector_id) = 0
            when 'pile' then pile_id is not null and num_nonnulls(operator_id, station_id, connector_id) = 0
            when 'connector' then pile_id is not null and connector_id is not null
                                  and num_nonnulls(operator_id, station_id) = 0
            else false
        end),
    constraint tariff_bindings_time_runs_forward check (effective_until >= effective_from),
    check ((ended_at is null) = (ended_by is null)),
    constraint tariff_bindings_no_clash
        exclude using gist (subject with =, tstzrange(effective_from, effective_until) with &&)
);
create index tariff_bindings_page on tariff_bindings (created_at desc, id desc);
create index tariff_bindings_subject_page on tariff_bindings (subject, created_at desc, id desc);
create index tariff_bindings_tariff_page on tariff_bindings (tariff_id, created_at desc, id desc);

comment on table tariff_bindings is 'What is priced by which tariff, and when; of one subject no two at the same time';
comment on column tariff_bindings.id is 'UUIDv7';
comment on column tariff_bindings.level is 'What kind of subject is priced: platform, operator, station, pile or connector';
comment on column tariff_bindings.operator_id is 'The operator, at that level';
comment on column tariff_bindings.station_id is 'The station, at that level';
comment on column tariff_bindings.pile_id is 'The pile, at that level and that of connectors';
comment on column tariff_bindings.connector_id is 'The connector of the pile, at that level';
comment on column tariff_bindings.subject is 'Level and subject in one text, which no two subjects share';
comment on column tariff_bindings.tariff_id is 'The tariff';
comment on column tariff_bindings.effective_from is 'Since when';
comment on column tariff_bindings.effective_until is 'Until when, that instant not included; null if no end is known. The same as since when: it was ended before it began';
comment on column tariff_bindings.created_at is 'When it was made';
comment on column tariff_bindings.created_by is 'By whom';
comment on column tariff_bindings.ended_at is 'When it was last given an end, or an earlier one; null if never';
comment on column tariff_bindings.ended_by is 'By whom';

comment on table asset_edits is 'Every edit of a station, a pile or a tariff, written with the edit itself; never changed';
comment on column asset_edits.asset_id is 'The station, the pile or the tariff';
