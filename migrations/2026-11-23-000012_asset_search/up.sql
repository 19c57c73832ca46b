-- Search by words. Pairs of characters are indexed rather than words or trigrams: Chinese has no spaces, and two characters are
-- already a name. A word to look for must have all its pairs among those of the text; what is left is compared itself. Lines are
-- apart from each other. The cost keeps Postgres from working it out where the comparison will do.
create function search_grams(said text) returns text[]
    language sql immutable strict parallel safe cost 10000
    return (select coalesce(array_agg(distinct gram), '{}')
            from string_to_table(said, E'\n') as line,
                 generate_series(1, char_length(line)) as place,
                 lateral (values (substr(line, place, 1)), (substr(line, place, 2))) as grams (gram));

alter table stations add column search_text text not null
    generated always as (lower(name || E'\n' || coalesce(address, ''))) stored;
alter table piles add column search_text text not null
    generated always as (lower((charge_point_id || E'\n' || coalesce(name, '') || E'\n' || coalesce(serial_number, ''))
                               collate "default")) stored;
comment on column stations.search_text is 'What it is searched by, in lower case: its name and address, each in a line';
comment on column piles.search_text is 'What it is searched by, in lower case: its device, name and serial number, each in a line';
create index stations_search on stations using gin (search_grams(search_text));
create index piles_search on piles using gin (search_grams(search_text));

create index stations_operator_page on stations (operator_id, created_at desc, id desc) where retired_at is null;
create index stations_retired_page on stations (created_at desc, id desc) where retired_at is not null;
create index piles_retired_page on piles (created_at desc, id desc) where retired_at is not null;

-- Places are points on a ball with the radius 1: there neither the poles nor the line of dates are special, and who is nearer
-- over ground is nearer in a straight line too, which an index of cubes can order by.
create extension if not exists cube schema public;
create function place_on_ball(latitude double precision, longitude double precision) returns cube
    language sql immutable strict parallel safe
    return cube(array[cosd(latitude) * cosd(longitude), cosd(latitude) * sind(longitude), sind(latitude)]);
create index stations_place on stations using gist (place_on_ball(latitude, longitude))
    where retired_at is null and latitude is not null;
