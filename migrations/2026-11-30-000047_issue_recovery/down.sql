drop table issue_recovery;
