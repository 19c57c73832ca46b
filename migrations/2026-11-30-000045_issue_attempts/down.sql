delete from issue_events where kind = 'attempted';
alter table issue_events
    drop constraint issue_events_kind_check,
    add constraint issue_events_kind_check check (kind in
        ('opened', 'recurred', 'closed', 'acknowledged', 'assigned', 'muted', 'unmuted')) not valid;
drop table issue_attempts;
