alter table piles alter column charge_point_id type text;
alter table sessions alter column charge_point_id type text;
alter table session_ledgers alter column charge_point_id type text;
alter table connectors alter column charge_point_id type text;
alter table charge_points alter column charge_point_id type text;
