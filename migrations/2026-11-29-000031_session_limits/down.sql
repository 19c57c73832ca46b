drop table session_limits;
update commands set state = 'accepted' where state = 'waiting';
alter table commands drop constraint commands_state_check,
    add constraint commands_state_check check (state in
        ('accepted', 'published', 'unknown', 'confirmed', 'rejected', 'failed', 'expired')) not valid;
