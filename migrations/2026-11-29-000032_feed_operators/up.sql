-- Callers that are bound to operators follow only the changes of these. Changes of events keep null: the operator of a device
-- follows from its placements, and that of a session is part of the change. The previous release writes null, too, so that only
-- callers without a bound see what it writes about stations, piles and tariffs.
alter table feed_chunks add column operators text[];
comment on column feed_chunks.operators is 'For each change the operator to which a station, a pile, a tariff or a binding belonged when the change was written; an empty text for changes that concern all operators; null for other changes, and for chunks without any of these';
