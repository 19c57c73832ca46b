drop trigger one_start_at_a_time on commands;
drop function refuse_second_start();
