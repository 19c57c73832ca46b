alter table dead_letters
    add column replayed_at timestamptz,
    add column replay_outcome text;
create index dead_letters_newest on dead_letters (created_at desc, id desc);

comment on column dead_letters.replayed_at is 'When it was last replayed, dry runs apart; null while it never was';
comment on column dead_letters.replay_outcome is 'What that came to: applied or ignored, which settle it; unplaced, undecodable or refused, which leave it as it is';

comment on table charge_points is 'Devices as heard through the gateways, registered as piles or not; written by ingestors and by replays of dead letters';
comment on table connectors is 'Connectors as heard through the gateways; written by ingestors and by replays of dead letters';
