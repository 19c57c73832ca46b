-- Id tags of more than 20 characters, which the previous release refuses: it reads the beginning.

alter table sessions add column id_tag_rest text;
comment on column sessions.id_tag_rest is 'What of the id tag follows id_tag, where it has more than 20 characters';
