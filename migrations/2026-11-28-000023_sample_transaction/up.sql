-- The previous release neither reads nor writes this column; to it every reading is of whichever session was on the connector.
alter table meter_samples add column transaction_key bigint;
comment on column meter_samples.transaction_key is 'FNV-1a digest of the transaction id that was sent with the reading; null: none was sent. A session with another id does not count the reading';
