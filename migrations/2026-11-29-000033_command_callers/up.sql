-- Who requested commands and batches. Releases before this one leave the columns null.
alter table commands add column issued_by text;
alter table command_batches add column issued_by text;
comment on column commands.issued_by is 'The sub of the caller that requested the command; null for stops that the platform sends by itself, and when that was not recorded';
comment on column command_batches.issued_by is 'The sub of the caller that requested the batch; null when that was not recorded';
