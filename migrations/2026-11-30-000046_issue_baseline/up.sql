-- Devices that were offline or faulted before the first position that the rules read have issues, too: their states are read
-- once, in batches.
alter table issue_progress add column baseline_after text collate "C" default '';
comment on column issue_progress.baseline_after is 'The last device whose state was read; empty before the first, null after all';
