alter table connectors drop column registers;
