alter table connectors drop column sighted_at;
alter table connectors drop column sighted_transaction;
drop table meter_samples;
