comment on table asset_edits is 'Every edit of a station or a pile, written with the edit itself; never changed';
comment on column asset_edits.asset_id is 'The station or the pile';
drop table tariff_bindings;
drop extension btree_gist;
drop table tariff_versions;
drop function tariff_version_is_final;
drop table tariffs;
