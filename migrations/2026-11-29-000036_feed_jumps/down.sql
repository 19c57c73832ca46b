drop table feed_jumps;
comment on column feed_chunks.position is 'Place in the feed, dense; given once the row is committed, null until then';
alter table command_batches drop column timeline;
alter table feed_head drop column timeline;
