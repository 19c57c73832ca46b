drop trigger one_start_at_a_time on commands;
drop function refuse_second_start();
alter table dead_letters alter column charge_point_id type text collate "default";
alter table device_probes alter column charge_point_id type text collate "default";
alter table command_batch_items alter column charge_point_id type text collate "default";
alter table commands alter column charge_point_id type text collate "default";
