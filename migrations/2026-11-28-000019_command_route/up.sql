-- How the gateway of a command was found. Releases before this one leave it null.
alter table commands add column route text;
comment on column commands.route is 'How its gateway was found: key (named in Redis), last-heard (no key was read; the device was last heard through it), moved (heard through it after the key of another gateway was written); null when that was not recorded';
