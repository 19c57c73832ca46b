drop table gateways;
drop table device_probes;
alter table commands drop column confidence;
alter table status_changes drop column confidence;
alter table charge_points drop column confidence;
alter table charge_points drop column written_at;
