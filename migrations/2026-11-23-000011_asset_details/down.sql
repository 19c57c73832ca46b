drop table asset_edits;
alter table piles drop column connectors;
alter table stations drop column facilities, drop column opening_hours;
