alter table feed_chunks drop column operators;
