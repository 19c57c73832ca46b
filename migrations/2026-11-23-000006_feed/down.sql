drop table feed_head;
drop table feed_chunks;
