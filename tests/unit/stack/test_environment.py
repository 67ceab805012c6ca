"""The environment that the services share."""

from pathlib import Path

from prefect.settings.models.root import Settings as PrefectSettings
from pydantic import BaseModel

from scorewire.settings import Settings
from scorewire.stack.config import StackConfig, StackUrls
from scorewire.stack.environment import service_environment
from scorewire.stack.services import Services

URLS = StackUrls(
    api="http://127.0.0.1:8123",
    prefect_ui="http://127.0.0.1:4321",
    prefect_api="http://127.0.0.1:4321/api",
    database="postgresql://u:p@h:5/scorewire?sslmode=disable",
    prefect_database="postgresql://u:p@h:5/prefect?sslmode=disable",
    prefect_auth="scorewire:secret",
)


def environment(**inherited: str) -> dict[str, str]:
    """What the services get for a caller's environment."""
    config = StackConfig(data_dir=Path("/data"), environment=inherited)
    return service_environment(config, URLS)


def test_the_callers_own_prefect_is_left_out() -> None:
    """A key or a database of another Prefect never reaches the stack's own."""
    services = environment(PREFECT_API_KEY="cloud", PREFECT_PROFILE="work", PATH="/bin")
    assert "PREFECT_API_KEY" not in services
    assert "PREFECT_PROFILE" not in services
    assert services["PATH"] == "/bin"


def test_the_callers_settings_are_inherited_and_addresses_replaced() -> None:
    """What the operator set reaches the services, but for what the stack itself decides."""
    services = environment(SCOREWIRE_DEVICE="cpu", SCOREWIRE_PORT="0")
    assert services["SCOREWIRE_DEVICE"] == "cpu"
    assert services["SCOREWIRE_PORT"] == "8123"
    assert services["SCOREWIRE_PREFECT_PORT"] == "4321"
    assert services["SCOREWIRE_DATA_DIR"] == "/data"
    assert services["SCOREWIRE_DATABASE_URL"] == URLS.database


def test_loopback_is_never_asked_through_a_proxy() -> None:
    """A caller's proxy keeps its exceptions, and gets this machine as one more."""
    services = environment(HTTP_PROXY="http://proxy:3128", NO_PROXY="intranet")
    assert services["HTTP_PROXY"] == "http://proxy:3128"
    assert services["NO_PROXY"] == services["no_proxy"] == "intranet,127.0.0.1,localhost,::1"
    assert environment()["NO_PROXY"] == "127.0.0.1,localhost,::1"


def test_server_and_clients_share_the_secret() -> None:
    """Prefect's server asks for the login that its clients show."""
    services = environment()
    assert services["PREFECT_SERVER_API_AUTH_STRING"] == "scorewire:secret"
    assert services["PREFECT_API_AUTH_STRING"] == "scorewire:secret"
    assert services["PREFECT_HOME"] == "/data/prefect"
    assert services["PREFECT_SERVER_DATABASE_CONNECTION_URL"].startswith("postgresql+asyncpg://")


def test_temporary_files_are_the_stacks_own() -> None:
    """Nothing is shared with another user's stack, not even a folder below /tmp."""
    assert environment(TMPDIR="/tmp/mine")["TMPDIR"] == "/data/tmp"  # noqa: S108 - only a value


def test_every_name_is_one_that_its_reader_knows() -> None:
    """No variable is misspelt: Scorewire's and Prefect's own settings have a field for each."""
    known = {f"SCOREWIRE_{name.upper()}" for name in Settings.model_fields}
    known |= _prefect_variables(PrefectSettings)
    ours = {name for name in environment() if name.startswith(("SCOREWIRE_", "PREFECT_"))}
    assert ours - known == set()


def _prefect_variables(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= _prefect_variables(field.annotation)
        else:
            names.add(f"{model.model_config.get('env_prefix', '')}{name}".upper())
    return names


def test_only_the_api_has_the_key_to_tokens() -> None:
    """[A2] A worker that a recording took over can sign no tokens."""
    inherited = {"SCOREWIRE_JWT_SECRET": "s", "SCOREWIRE_TOKEN": "t", "SCOREWIRE_DEVICE": "cpu"}
    config = StackConfig(data_dir=Path("/data"), environment=inherited)
    services = Services(config, URLS)
    api = services.api()._child.program.environment  # noqa: SLF001 - what the process will get
    assert api == service_environment(config, URLS)
    withheld = {"SCOREWIRE_JWT_SECRET", "SCOREWIRE_TOKEN"}
    for part in (services.worker(), services.prefect()):
        given = part._child.program.environment  # noqa: SLF001 - what the process will get
        assert given.keys() == api.keys() - withheld
