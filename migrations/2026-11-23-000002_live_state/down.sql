drop table sessions;
drop table session_ledgers;
drop table connectors;
drop table charge_points;
