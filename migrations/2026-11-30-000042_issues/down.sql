drop table maintenance_windows, issue_progress, issue_watches, issue_devices, issue_events, issues;
