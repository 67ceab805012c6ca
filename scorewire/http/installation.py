"""What an installation's settings make of the gate and the limits, for every web service alike."""

from scorewire.http.exposition import Exposition
from scorewire.http.gate import Gate, make_gate
from scorewire.http.limits import Limits
from scorewire.metrics import Metrics
from scorewire.settings import Settings
from scorewire.store.engine import Engine


def gate_of(settings: Settings) -> Gate:
    """Make the gate.

    Raises:
        SetupError: the settings contradict each other, or a key is not fit for its purpose.
    """
    secret = settings.jwt_secret
    return make_gate(
        algorithm=settings.jwt_algorithm,
        secret=None if secret is None else secret.get_secret_value(),
        keys=settings.jwt_keys,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        allowed_origins=settings.allowed_origins,
        host=settings.host,
    )


def limits_of(settings: Settings, engine: Engine, metrics: Metrics) -> Limits:
    """Make the limits; their rates are kept in the database behind `engine`."""
    return Limits(
        engine,
        connections_per_minute=settings.connections_per_minute,
        submissions_per_minute=settings.submissions_per_minute,
        max_streams=settings.max_streams,
        max_streams_per_address=settings.max_streams_per_address,
        refusals=metrics.over_limit,
    )


def exposition_of(settings: Settings, engine: Engine, gate: Gate, metrics: Metrics) -> Exposition:
    """Make what answers Prometheus."""
    token = settings.metrics_token
    return Exposition(metrics, engine, gate, None if token is None else token.get_secret_value())
