"""The only SQL: jobs, their events, and the NOTIFY that saves watchers from polling."""
