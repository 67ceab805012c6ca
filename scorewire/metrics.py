"""What a web service counts and measures, in Prometheus's terms; docs/observability.md lists it.

Every label has few values, all of them known ahead: no job, no client and no address is one.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

_LAGS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_WORK_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)


class Metrics:
    """The instruments of one application, in a registry of its own.

    Attributes:
        registry: where they are read from.
        jobs: jobs by status and stage; those that have ended, of the last day's submissions.
        queue_age_s: how long the oldest queued job has waited, in seconds.
        database_up: whether Postgres answered when the jobs were counted.
        attempts: attempts whose end was heard, by outcome and error code.
        attempt_duration_s: how long attempts that brought a score worked, in seconds.
        stage_duration_s: how long a stage took within an attempt, in seconds.
        watchers: open streams by channel.
        delivery_lag_s: from an event's own time until it is handed to its watchers, in seconds.
        listening: whether events arrive from Postgres.
        over_limit: requests and streams refused by a limit, by the limit.
        streams_refused: WebSockets that were closed at their beginning, by error code.
        silence_watched_at: when jobs were last looked through for silent ones, in Unix time.
    """

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        Info("scorewire_build", "Which Scorewire this is.", registry=self.registry).info(
            {"version": version}
        )
        self.jobs = self._gauge(
            "jobs", "Unfinished jobs, and those that ended of the last day's.", "status", "stage"
        )
        self.queue_age_s = self._gauge(
            "queue_age_seconds", "How long the oldest queued job has waited; 0 with none."
        )
        self.database_up = self._gauge("database_up", "Whether Postgres answers.")
        self.attempts = self._counter(
            "attempts", "Attempts that ended, as this process heard.", "outcome", "code"
        )
        self.attempt_duration_s = Histogram(
            "scorewire_attempt_duration_seconds",
            "Work on an attempt that brought a score.",
            buckets=_WORK_S,
            registry=self.registry,
        )
        self.stage_duration_s = Histogram(
            "scorewire_stage_duration_seconds",
            "A stage of an attempt that ended, unless its result was kept from before.",
            ["stage"],
            buckets=_WORK_S,
            registry=self.registry,
        )
        self.watchers = self._gauge("watchers", "Open streams.", "channel")
        self.delivery_lag_s = Histogram(
            "scorewire_delivery_lag_seconds",
            "From an event's own time until it is handed to the sockets of its watchers.",
            buckets=_LAGS_S,
            registry=self.registry,
        )
        self.listening = self._gauge("listener_connected", "Whether events come from Postgres.")
        self.over_limit = self._counter("over_limit", "Refusals by a limit.", "limit")
        self.streams_refused = self._counter(
            "streams_refused", "WebSockets closed before their first message.", "code"
        )
        self.silence_watched_at = self._gauge(
            "silence_watched_timestamp_seconds", "When silent jobs were last looked for."
        )

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"scorewire_{name}", meaning, labels, registry=self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"scorewire_{name}", meaning, labels, registry=self.registry)
