alter table asset_edits
    drop constraint asset_edits_thing_check,
    add constraint asset_edits_thing_check check (
        (thing_type is null) = (thing_id is null)
        and thing_type in ('tariffVersion', 'tariffBinding', 'deadLetter', 'import', 'commandBatch')) not valid;
drop table reliability_exclusions;
drop trigger new_placements_are_computed on placements;
drop function follow_new_placements();
drop table reliability_devices;
drop table reliability_days;
