-- Devices are compared byte by byte, as the ingestors do it: rows are locked in the order that the program sorts them in, and an
-- order of some language would be another. It is also what makes comparing cheap.
alter table charge_points alter column charge_point_id type text collate "C";
alter table connectors alter column charge_point_id type text collate "C";
alter table session_ledgers alter column charge_point_id type text collate "C";
alter table sessions alter column charge_point_id type text collate "C";
alter table piles alter column charge_point_id type text collate "C";
