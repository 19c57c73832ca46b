alter table asset_edits drop constraint asset_edits_action_check,
    add constraint asset_edits_action_check check (action in ('created', 'updated', 'retired', 'restored')) not valid;
alter table asset_edits drop column reason;
drop trigger piles_of_edited_stations_are_placed on stations;
drop trigger edited_piles_are_placed on piles;
drop trigger created_piles_are_placed on piles;
drop function follow_edited_stations();
drop function follow_edited_piles();
drop function place_piles(uuid[]);
drop table placements;
