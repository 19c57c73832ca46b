alter table commands drop column route;
