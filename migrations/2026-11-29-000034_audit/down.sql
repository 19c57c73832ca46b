drop trigger cancelled_batches_are_audited on command_batches;
drop trigger created_batches_are_audited on command_batches;
drop function audit_command_batch();
alter table dead_letters drop column replayed_by;
delete from asset_edits where thing_type is not null;
alter table asset_edits drop constraint asset_edits_action_check,
    add constraint asset_edits_action_check check (action in ('created', 'updated', 'retired', 'restored', 'ended')) not valid;
alter table asset_edits drop column thing_type, drop column thing_id;
