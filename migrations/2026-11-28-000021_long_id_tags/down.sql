alter table sessions drop column id_tag_rest;
