drop table feed_jumps;
alter table feed_head drop column timeline;
