"""The only SQL: jobs, their events, and the listener that tells of new ones."""
