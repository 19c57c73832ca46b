drop index stations_place;
drop function place_on_ball;
drop extension cube;
drop index piles_retired_page, stations_retired_page, stations_operator_page, piles_search, stations_search;
alter table piles drop column search_text;
alter table stations drop column search_text;
drop function search_grams;
