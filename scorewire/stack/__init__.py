"""The programs of a one-machine installation: Postgres, Prefect, worker, API."""
