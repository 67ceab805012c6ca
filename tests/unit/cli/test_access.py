"""What the command line knows of who may use a server, and the tokens that it makes and shows."""

import time

import pytest
from pydantic import SecretStr
from tokens import RSA_KEY, SECRET, jwk, write_keys

from scorewire.cli.access import asks_for_tokens, standing, token_to_show
from scorewire.cli.submission import submit
from scorewire.cli.token import token
from scorewire.errors import (
    InvalidRequestError,
    ScorewireError,
    SetupError,
    UnauthenticatedError,
)
from scorewire.http.installation import gate_of
from scorewire.http.keys import SharedSecret
from scorewire.http.tokens import TokenVerifier
from scorewire.jobs.options import Options
from scorewire.settings import Settings
from scorewire.stack.ports import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_is_told_as_such(host: str) -> None:
    """[A1] An open server on loopback says at start that it is open, and to whom."""
    assert is_loopback(host)
    assert "everyone on this machine" in standing(host, locked=False)
    assert "Warning" not in standing(host, locked=False)
    assert "asks for tokens" in standing(host, locked=True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "music.example", ""])  # noqa: S104 - the very case
def test_more_than_loopback_is_warned_of(host: str) -> None:
    """[A1] An open server that others can reach is warned of; a locked one is not."""
    assert not is_loopback(host)
    assert standing(host, locked=False).startswith(f"Warning: the API listens on {host} ")
    assert "Warning" not in standing(host, locked=True)


def test_a_key_is_what_locks(tmp_path) -> None:
    """[A1] [A2] The command knows before the start whether the server will ask for tokens."""
    keys = write_keys(tmp_path / "keys.json", jwk(RSA_KEY.public_key()))
    assert not asks_for_tokens(Settings())
    assert asks_for_tokens(Settings(jwt_secret=SecretStr(SECRET)))
    assert asks_for_tokens(Settings(jwt_algorithm="RS256", jwt_keys=keys))


@pytest.mark.parametrize(
    "changed",
    [
        {"jwt_secret": SecretStr("")},
        {"jwt_secret": SecretStr("short")},
        {"jwt_keys": "nowhere.json"},
        {"trusted_proxies": ["*"]},
        {"allowed_origins": ["*"]},
    ],
)
def test_faults_are_told_before_anything_starts(changed) -> None:
    """[A2] A setting that the server would refuse is one sentence, not a log to be read."""
    with pytest.raises(SetupError, match="SCOREWIRE_"):
        asks_for_tokens(Settings.model_validate(changed))


def test_a_token_is_made_for_the_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """[A2] `scorewire token` signs as the server checks: secret, audience, issuer, end."""
    monkeypatch.setenv("SCOREWIRE_JWT_SECRET", SECRET)
    monkeypatch.setenv("SCOREWIRE_JWT_AUDIENCE", "scores")
    monkeypatch.setenv("SCOREWIRE_JWT_ISSUER", "us")
    token(subject="ada", days=2)
    made = capsys.readouterr().out.strip()
    assert not gate_of(Settings()).open
    verifier = TokenVerifier(SharedSecret(SECRET), "HS256", audience="scores", issuer="us")
    caller = verifier.verify(made)
    assert caller.subject == "ada"
    assert caller.expires_at_s == pytest.approx(time.time() + 2 * 86_400, abs=5)


@pytest.mark.parametrize(
    ("environment", "subject", "days", "kind"),
    [
        ({}, "ada", 1, SetupError),
        ({"SCOREWIRE_JWT_SECRET": "short"}, "ada", 1, SetupError),
        ({"SCOREWIRE_JWT_KEYS": "keys.json"}, "ada", 1, SetupError),
        ({"SCOREWIRE_JWT_SECRET": SECRET}, "", 1, InvalidRequestError),
        ({"SCOREWIRE_JWT_SECRET": SECRET}, "a\x00b", 1, InvalidRequestError),
        ({"SCOREWIRE_JWT_SECRET": SECRET}, "ada", 0, InvalidRequestError),
        ({"SCOREWIRE_JWT_SECRET": SECRET}, "ada", float("nan"), InvalidRequestError),
        ({"SCOREWIRE_JWT_SECRET": SECRET}, "ada", float("inf"), InvalidRequestError),
    ],
)
def test_no_token_is_made_that_would_not_count(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    subject: str,
    days: float,
    kind: type[ScorewireError],
) -> None:
    """[A2] Without the secret, a fit subject and an end there is a sentence, and no token."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(kind) as caught:
        token(subject=subject, days=days)
    assert caught.value.message.endswith(".")


def test_the_token_shown_is_the_token_alone() -> None:
    """[A2] A line break at its end is left out; what cannot be sent is not repeated."""
    assert token_to_show(Settings()) is None
    assert token_to_show(Settings(token=SecretStr(" \n"))) is None
    assert token_to_show(Settings(token=SecretStr("a.b.c\n"))) == "a.b.c"
    for wrong in ("a.b.c d", "a\nb", "é"):
        with pytest.raises(SetupError) as caught:
            token_to_show(Settings(token=SecretStr(wrong)))
        assert wrong not in caught.value.message


async def test_no_private_server_starts_without_a_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    """[A2] `scorewire transcribe` says so before it starts a server that would refuse it."""
    monkeypatch.setenv("SCOREWIRE_JWT_SECRET", SECRET)
    monkeypatch.setenv("SCOREWIRE_DATA_DIR", str(tmp_path / "data"))
    recording = tmp_path / "song.wav"
    recording.write_bytes(b"RIFF")
    with pytest.raises(UnauthenticatedError, match="SCOREWIRE_TOKEN"):
        await submit(str(recording), Options(), tmp_path, None)
    assert not (tmp_path / "data").exists()
