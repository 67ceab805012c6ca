"""Tokens and keys for tests, signed here as an identity provider would sign them."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

SECRET = "a secret of more than thirty-two bytes"  # noqa: S105 - nobody's secret

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def token(
    subject: Any = "ada",
    *,
    key: Any = SECRET,
    algorithm: str = "HS256",
    lives_s: float = 3600,
    kid: str | None = None,
    **claims: object,
) -> str:
    """Sign a token."""
    told = {"sub": subject, "exp": int(time.time() + lives_s), **claims}
    present = {name: value for name, value in told.items() if value is not None}
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(present, key, algorithm=algorithm, headers=headers)


def jwk(key: Any, **members: object) -> dict[str, Any]:
    """Describe a key, or the public half of one, as a JSON Web Key."""
    described = (
        RSAAlgorithm.to_jwk(key, as_dict=True)
        if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey)
        else ECAlgorithm(ECAlgorithm.SHA256).to_jwk(key, as_dict=True)
    )
    described.pop("key_ops", None)
    return {**described, **members}


def write_keys(path: Path, *jwks: dict[str, Any]) -> Path:
    """Write a JSON Web Key Set in one step, as deployments exchange such files."""
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps({"keys": list(jwks)}))
    partial.replace(path)
    return path
