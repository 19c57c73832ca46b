drop trigger corrected_sessions_are_placed on sessions;
drop trigger sessions_are_placed on sessions;
drop function place_session();
alter table sessions drop column pile_id, drop column station_id, drop column operator_id;
