-- A batch is carried out within the bound of the caller that requested it: a pile that is moved to another operator meanwhile is not
-- commanded. The previous release writes null, and carries batches out without a bound.
alter table command_batches add column operators text[];
comment on column command_batches.operators is 'The operators to which the caller was bound; null for a caller without a bound, and when that was not recorded';
