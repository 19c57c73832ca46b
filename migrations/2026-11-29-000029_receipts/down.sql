drop trigger withdrawn_sessions_await_receipts on sessions;
drop trigger changed_sessions_await_receipts on sessions;
drop trigger ended_sessions_await_receipts on sessions;
drop function await_last_receipt();
drop function await_receipt();
drop table session_settlements;
drop table session_receipts;
drop function keep_receipts();
