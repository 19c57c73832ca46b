alter table issue_progress drop column baseline_after;
