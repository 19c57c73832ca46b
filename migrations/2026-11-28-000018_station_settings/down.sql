alter table stations drop column startable_statuses;
update piles set current_type = coalesce(placeholder_current_type, 'DC') where current_type is null;
alter table piles
    drop column placeholder_current_type,
    alter column current_type set not null;
comment on column piles.current_type is 'AC or DC';
