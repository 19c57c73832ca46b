drop table feed_jumps;
alter table command_batches drop column timeline;
alter table feed_head drop column timeline;
