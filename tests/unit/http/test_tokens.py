"""Which tokens count, and whose they are."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tokens import EC_KEY, RSA_KEY, SECRET, jwk, token, write_keys

from scorewire.errors import UnauthenticatedError
from scorewire.http.keys import KeyFile, SharedSecret
from scorewire.http.tokens import LEEWAY_S, TokenVerifier, is_subject, sign

VERIFIER = TokenVerifier(SharedSecret(SECRET), "HS256")

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def encoded(part: object) -> str:
    """A part of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refusal(verifier: TokenVerifier, text: str) -> str:
    """What is said of a token that does not count."""
    with pytest.raises(UnauthenticatedError) as caught:
        verifier.verify(text)
    assert len(text) < 20 or text not in caught.value.message
    return caught.value.message


def test_a_token_names_its_caller() -> None:
    """[A2] [A3] A token of our secret counts, for its `sub`, until its `exp`."""
    caller = VERIFIER.verify(token("ada", lives_s=60))
    assert caller.subject == "ada"
    assert caller.expires_at_s == pytest.approx(time.time() + 60, abs=2)


def test_the_command_s_own_tokens_count() -> None:
    """[A2] What `sign` makes is accepted where secret, audience and issuer are the same."""
    ends_s = time.time() + 60
    made = sign("ada", secret=SECRET, expires_at_s=ends_s, audience="scores", issuer="us")
    strict = TokenVerifier(SharedSecret(SECRET), "HS256", audience="scores", issuer="us")
    assert strict.verify(made).subject == "ada"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"subject": None},
        {"subject": ""},
        {"subject": 7},
        {"subject": ["ada"]},
        {"subject": "a\x00b"},
        {"subject": "a" * 256},
        {"exp": "tomorrow"},
        {"exp": [1]},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"aud": "another service"},
        {"key": "another secret of more than thirty-two"},
        {"algorithm": "HS512", "key": SECRET * 2},
    ],
)
def test_other_tokens_do_not_count(claims: dict[str, object]) -> None:
    """[A2] An end and an owner are required; a token for someone else, or for later, is refused."""
    assert "not valid here" in refusal(VERIFIER, token(**claims))  # type: ignore[arg-type]  # anything goes


def test_an_expired_token_is_told_apart() -> None:
    """[A2] A client hears that it needs a new token; a clock a moment off is forgiven."""
    assert "expired" in refusal(VERIFIER, token(lives_s=-LEEWAY_S - 2))
    assert VERIFIER.verify(token(lives_s=-LEEWAY_S + 3)).subject == "ada"


def test_no_algorithm_is_no_signature() -> None:
    """[A2] `alg: none` is refused, with an empty signature and in any spelling."""
    claims = encoded({"sub": "ada", "exp": int(time.time()) + 60})
    for name in ("none", "None", "NONE", ""):
        refusal(VERIFIER, f"{encoded({'alg': name, 'typ': 'JWT'})}.{claims}.")
    refusal(VERIFIER, jwt.encode({"sub": "ada", "exp": 2**40}, None, algorithm="none"))


def test_a_public_key_is_no_secret(tmp_path) -> None:
    """[A2] A token signed with HS256 and the public key as its secret is refused."""
    keys = write_keys(tmp_path / "keys.json", jwk(RSA_KEY.public_key(), kid="one"))
    verifier = TokenVerifier(KeyFile(keys, "RS256"), "RS256")
    assert verifier.verify(token(key=RSA_KEY, algorithm="RS256", kid="one")).subject == "ada"
    pem = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (pem, pem.strip(), jwk(RSA_KEY.public_key())["n"].encode()):
        head, body = encoded({"alg": "HS256", "kid": "one"}), encoded({"sub": "eve", "exp": 2**40})
        signed = f"{head}.{body}".encode()
        mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed, secret)
        refusal(verifier, f"{head}.{body}.{encoded(mac)}")


@pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256")])
def test_public_keys_check_tokens(tmp_path, key, algorithm) -> None:
    """[A2] RS256 and ES256 take the token's own key, and no token of the other algorithm."""
    keys = write_keys(
        tmp_path / "keys.json",
        jwk(RSA_KEY.public_key(), kid="rsa"),
        jwk(EC_KEY.public_key(), kid="ec"),
    )
    verifier = TokenVerifier(KeyFile(keys, algorithm), algorithm)
    kid = {"RS256": "rsa", "ES256": "ec"}[algorithm]
    assert verifier.verify(token(key=key, algorithm=algorithm, kid=kid)).subject == "ada"
    other_key, other = (EC_KEY, "ES256") if key is RSA_KEY else (RSA_KEY, "RS256")
    for named in ("rsa", "ec"):
        refusal(verifier, token(key=other_key, algorithm=other, kid=named))
    refusal(verifier, token(kid=kid))


def test_audience_and_issuer_are_checked_where_set() -> None:
    """[A2] A token for another service, or of another issuer, is refused."""
    strict = TokenVerifier(SharedSecret(SECRET), "HS256", audience="scores", issuer="us")
    assert strict.verify(token(aud=["scores", "more"], iss="us")).subject == "ada"
    for claims in ({}, {"aud": "scores"}, {"iss": "us"}, {"aud": "else", "iss": "us"}):
        refusal(strict, token(**claims))
    refusal(strict, token(aud="scores", iss="them"))


@given(text=st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_refused_in_one_way(text: str) -> None:
    """[A2] [R3] Whatever is sent for a token, it is not accepted and breaks nothing."""
    refusal(VERIFIER, text)


@given(header=JSON_VALUES, claims=JSON_VALUES)
def test_any_unsigned_json_is_refused(header: object, claims: object) -> None:
    """[A2] [R3] Well-formed parts that nobody signed are refused, whatever they say."""
    refusal(VERIFIER, f"{encoded(header)}.{encoded(claims)}.{encoded(b'signature')}")


@given(
    claims=st.dictionaries(
        st.sampled_from(["sub", "exp", "nbf", "iat", "aud", "iss", "jti"]), JSON_VALUES
    )
)
def test_signed_claims_are_either_whole_or_refused(claims: dict[str, object]) -> None:
    """[A2] [R3] A signed token with strange claims is refused, or has a fit owner and an end."""
    head, body = encoded({"alg": "HS256", "typ": "JWT"}), encoded(claims)
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    mac = hmac.sign(f"{head}.{body}".encode(), SECRET.encode())
    try:
        caller = VERIFIER.verify(f"{head}.{body}.{encoded(mac)}")
    except UnauthenticatedError:
        return
    assert caller.subject == claims["sub"]
    assert is_subject(str(claims["sub"]))
    assert caller.expires_at_s is not None
    assert caller.expires_at_s > time.time() - LEEWAY_S - 1


@pytest.mark.parametrize("depth", [2_000, 4_000, 100_000])
def test_deep_json_is_refused(depth: int) -> None:
    """[A2] [R3] A header that nests deeper than JSON is read to is refused like any other."""
    for header in (b"[" * depth, b'{"alg":' + b"[" * depth):
        refusal(VERIFIER, f"{encoded(header)}.{encoded({})}.")


@given(changed=st.integers(min_value=0), letter=st.sampled_from("ABab01-_."))
def test_a_token_that_was_changed_is_refused(changed: int, letter: str) -> None:
    """[A2] One letter of a good token replaced, and it does not count."""
    good = token(lives_s=600)
    at = changed % (len(good) - 1)  # bits of the very last letter may be padding
    spoilt = good[:at] + letter + good[at + 1 :]
    if spoilt != good:
        refusal(VERIFIER, spoilt)
