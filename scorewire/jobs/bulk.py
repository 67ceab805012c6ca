"""What a bulk run is called, and what it tells: known to who starts one and to the run itself."""

ON_DEMAND = "bulk/on-demand"
"""The deployment that a person starts."""

PROGRESS = "bulk-progress"
SUMMARY = "bulk-summary"
FAILURES = "bulk-failures"
LIBRARY = "bulk-library"
"""Keys of the artifacts that a run leaves in Prefect."""

FAILED_COUNTS = ("failed", "failed before")
"""Rows of the summary that count recordings without a score."""
