drop index dead_letters_newest;
alter table dead_letters
    drop column replayed_at,
    drop column replay_outcome;

comment on table charge_points is 'Devices as heard through the gateways, registered as piles or not; written by ingestors only';
comment on table connectors is 'Connectors as heard through the gateways; written by ingestors only';
