alter table charge_points drop column ledger_until;
alter table connectors drop column status_trail;
alter table sessions drop column started_by;
