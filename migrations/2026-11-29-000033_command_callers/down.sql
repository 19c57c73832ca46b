alter table command_batches drop column issued_by;
alter table commands drop column issued_by;
