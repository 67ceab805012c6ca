"""The environment of the stack's services: one full set, the same for each of them but for keys.

The API, the worker and the flow processes that it starts must agree on every address and secret,
so there is one place that names them all.
"""

from collections.abc import Mapping

from scorewire.jobs.launching import RESULTS_BLOCK
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.ports import is_loopback
from scorewire.stack.urls import for_sqlalchemy


def service_environment(config: StackConfig, urls: StackUrls) -> dict[str, str]:
    """Everything that the services read from their environment.

    The caller's own Prefect settings are left out: they speak of another Prefect server.
    """
    inherited = {
        name: value for name, value in config.environment.items() if not name.startswith("PREFECT_")
    }
    return (
        _links(config, urls)
        | inherited
        | _no_proxy(inherited)
        | _scorewire(config, urls)
        | _prefect(config, urls)
        | _python()
        # Prefect's worker uses a fixed name in the shared folder, which belongs to the one user
        # who came first; and files that a killed run left behind would stay for ever.
        | {"TMPDIR": str(config.scratch)}
    )


def without_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """What the parts get that check no tokens: all but the API.

    The worker opens files of strangers; whoever took it over could otherwise sign tokens.
    """
    kept_back = {"SCOREWIRE_JWT_SECRET", "SCOREWIRE_TOKEN", "SCOREWIRE_METRICS_TOKEN"}
    return {name: value for name, value in environment.items() if name not in kept_back}


def _no_proxy(inherited: Mapping[str, str]) -> dict[str, str]:
    # The services speak to each other over loopback, where a caller's proxy would lead astray.
    spared = [inherited.get("NO_PROXY") or inherited.get("no_proxy", ""), "127.0.0.1,localhost,::1"]
    value = ",".join(filter(None, spared))
    return {"NO_PROXY": value, "no_proxy": value}


def _links(config: StackConfig, urls: StackUrls) -> dict[str, str]:
    # Prefect's UI listens here alone: a link to it would lead others to their own machines.
    return {"SCOREWIRE_PREFECT_UI_URL": urls.prefect_ui} if is_loopback(config.host) else {}


def _scorewire(config: StackConfig, urls: StackUrls) -> dict[str, str]:
    return {
        "SCOREWIRE_DATA_DIR": str(config.data_dir),
        "SCOREWIRE_DATABASE_URL": urls.database,
        "SCOREWIRE_PREFECT_DATABASE_URL": urls.prefect_database,
        "SCOREWIRE_WORKER": config.worker,
        "SCOREWIRE_HOST": config.host,
        "SCOREWIRE_PORT": urls.api.rpartition(":")[2],
        "SCOREWIRE_PREFECT_PORT": urls.prefect_ui.rpartition(":")[2],
    }


def _prefect(config: StackConfig, urls: StackUrls) -> dict[str, str]:
    return {
        "PREFECT_HOME": str(config.data_dir / "prefect"),
        "PREFECT_API_URL": urls.prefect_api,
        # The server allows every origin, so without a secret any web page could start runs.
        "PREFECT_API_AUTH_STRING": urls.prefect_auth,
        "PREFECT_SERVER_API_AUTH_STRING": urls.prefect_auth,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": for_sqlalchemy(urls.prefect_database),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "DO_NOT_TRACK": "1",
        # About 75 kB of events a run.
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P1D",
        # What Prefect knows of a run goes a month after its end; a sweep a minute adds up.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        # A warm worker is told of a run, and looks besides; any other only looks.
        "PREFECT_WORKER_QUERY_SECONDS": "5" if config.worker == "warm" else "1",
        # Taken ahead of its time, a scheduled run would wait in a place that others could use.
        "PREFECT_WORKER_PREFETCH_SECONDS": "0",
        # Two questions that each process would ask first: our server is of the client's version,
        # and hands out no tokens against forged requests.
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
        "PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK": RESULTS_BLOCK,
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_LOGGING_COLORS": "false",
    }


def _python() -> dict[str, str]:
    # Services run in the data folder; nothing there may be imported by accident.
    return {"PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
