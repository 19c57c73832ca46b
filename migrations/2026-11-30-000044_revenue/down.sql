drop trigger receipts_add_to_revenue on session_receipts;
drop function add_to_revenue();
drop function revenue_of(json);
alter table session_receipts drop column in_revenue;
drop table revenue;
