drop table status_changes;
