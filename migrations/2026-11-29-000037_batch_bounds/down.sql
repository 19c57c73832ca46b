alter table command_batches drop column operators;
