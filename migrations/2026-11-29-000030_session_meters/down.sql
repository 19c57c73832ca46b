drop table session_metered;
