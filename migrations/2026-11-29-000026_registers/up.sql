-- The previous release neither reads nor writes this column; where its energy_wh is another one, that counts.
alter table connectors add column registers jsonb;
comment on column connectors.registers is 'The greatest energy register of each transaction that was read lately, in Wh, with the time of its newest reading; null: energy_wh alone, of the sighted transaction if it is not older than its sight';
