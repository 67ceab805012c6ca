"""The keys of a server: which are taken, and how they are exchanged while it runs."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode
from structlog.testing import capture_logs
from tokens import EC_KEY, RSA_KEY, SECRET, jwk, token, write_keys

from scorewire.errors import SetupError, UnauthenticatedError
from scorewire.http.keys import KeyFile, SharedSecret
from scorewire.http.tokens import TokenVerifier

WEAK_RSA_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - what must be refused


def oct_key(secret: str, **members: object) -> dict[str, object]:
    """A shared secret as a JSON Web Key."""
    return {"kty": "oct", "k": base64url_encode(secret.encode()).decode(), **members}


@pytest.mark.parametrize("secret", ["", "abcdefgh", "thirty-one bytes are not enough"])
def test_a_short_secret_is_refused_at_start(secret: str) -> None:
    """[A2] A secret of less than 32 bytes could be guessed: nothing starts with it."""
    with pytest.raises(SetupError, match=r"SCOREWIRE_JWT_SECRET .* too short") as caught:
        SharedSecret(secret)
    assert not secret or secret not in caught.value.message


def test_a_public_key_as_secret_is_refused_at_start() -> None:
    """[A2] A public key in the place of the secret would let everyone sign."""
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(SetupError, match="not one for HS256"):
        SharedSecret(pem.decode())


@pytest.mark.parametrize(
    ("text", "algorithm", "told"),
    [
        ("", "RS256", "no JSON Web Key Set"),
        ("[]", "RS256", "no JSON Web Key Set"),
        ('{"keys": [7]}', "RS256", "no JSON Web Key Set"),
        ("[" * 100_000, "RS256", "no JSON Web Key Set"),
        ('{"keys": []}', "RS256", "no key for RS256"),
        ('{"keys": [{"kty": "RSA"}]}', "RS256", "not one for RS256"),
        ('{"keys": [{"kty": "RSA", "n": 7, "e": []}]}', "RS256", "not one for RS256"),
        ('{"keys": [{"kty": "oct"}]}', "HS256", "not one for HS256"),
        (json.dumps({"keys": [jwk(EC_KEY.public_key())]}), "RS256", "no key for RS256"),
        (json.dumps({"keys": [jwk(RSA_KEY)]}), "RS256", "private key"),
        (json.dumps({"keys": [jwk(EC_KEY)]}), "ES256", "private key"),
        (json.dumps({"keys": [jwk(RSA_KEY.public_key(), use="enc")]}), "RS256", "no key for"),
        (json.dumps({"keys": [jwk(RSA_KEY.public_key(), alg="PS256")]}), "RS256", "no key for"),
        (json.dumps({"keys": [oct_key("too short a secret")]}), "HS256", "too short"),
        (
            json.dumps({"keys": [jwk(WEAK_RSA_KEY.public_key())]}),
            "RS256",
            "too short",
        ),
        (
            json.dumps({"keys": [jwk(ec.generate_private_key(ec.SECP384R1()).public_key())]}),
            "ES256",
            "not one for ES256",
        ),
    ],
)
def test_a_set_without_a_fit_key_is_refused_at_start(
    tmp_path: Path, text: str, algorithm, told: str
) -> None:
    """[A2] What is wrong is told in a sentence that names the setting, and never the key."""
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(SetupError, match=told) as caught:
        KeyFile(path, algorithm)
    assert "SCOREWIRE_JWT_KEYS" in caught.value.message
    assert '"k"' not in caught.value.message


def test_a_missing_file_is_refused_at_start(tmp_path: Path) -> None:
    """[A2] A server that was told to ask for tokens never starts open."""
    with pytest.raises(SetupError, match="No such file"):
        KeyFile(tmp_path / "keys.json", "RS256")
    with pytest.raises(SetupError, match="cannot be read"):
        KeyFile(tmp_path, "RS256")


def test_a_token_without_kid_needs_a_single_key(tmp_path: Path) -> None:
    """[A2] Which key is meant is never guessed."""
    path = write_keys(tmp_path / "keys.json", jwk(RSA_KEY.public_key(), kid="one"))
    verifier = TokenVerifier(KeyFile(path, "RS256"), "RS256")
    nameless = token(key=RSA_KEY, algorithm="RS256")
    assert verifier.verify(nameless).subject == "ada"
    second = rsa.generate_private_key(65537, 2048)
    write_keys(path, jwk(RSA_KEY.public_key(), kid="one"), jwk(second.public_key(), kid="two"))
    with pytest.raises(UnauthenticatedError):
        verifier.verify(nameless)
    assert verifier.verify(token(key=second, algorithm="RS256", kid="two")).subject == "ada"
    for wrong in (
        token(key=second, algorithm="RS256", kid="one"),
        token(key=second, algorithm="RS256", kid="three"),
    ):
        with pytest.raises(UnauthenticatedError):
            verifier.verify(wrong)


def test_secrets_rotate_by_kid(tmp_path: Path) -> None:
    """[A2] HS256 takes a set too: the old secret and the new one count side by side."""
    old, new = SECRET, "another secret of more than 32 bytes"
    path = write_keys(tmp_path / "keys.json", oct_key(old, kid="old"))
    verifier = TokenVerifier(KeyFile(path, "HS256"), "HS256")
    former = token(key=old, kid="old")
    assert verifier.verify(former).subject == "ada"
    write_keys(path, oct_key(old, kid="old"), oct_key(new, kid="new"))
    assert verifier.verify(former).subject == "ada"
    assert verifier.verify(token(key=new, kid="new")).subject == "ada"
    write_keys(path, oct_key(new, kid="new"))
    with pytest.raises(UnauthenticatedError):
        verifier.verify(former)


def test_a_spoilt_file_leaves_the_former_keys_in_force(tmp_path: Path) -> None:
    """[A2] A slip while keys are exchanged locks nobody out, and is logged once each time."""
    path = write_keys(tmp_path / "keys.json", oct_key(SECRET, kid="one"))
    verifier = TokenVerifier(KeyFile(path, "HS256"), "HS256")
    good = token(kid="one")
    with capture_logs() as logged:
        path.write_text('{"keys": [')
        for _ in range(3):
            assert verifier.verify(good).subject == "ada"
        path.unlink()
        for _ in range(3):
            assert verifier.verify(good).subject == "ada"
    assert [line["event"] for line in logged] == ["the former keys stay in force"] * 2
    with capture_logs() as logged:
        write_keys(path, oct_key("another secret of more than 32 bytes", kid="two"))
        with pytest.raises(UnauthenticatedError):
            verifier.verify(good)
    assert logged[0]["event"] == "keys read again"
