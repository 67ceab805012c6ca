"""Who will be able to reach the API that a command starts, and who may use it."""

from scorewire.errors import SetupError
from scorewire.settings import Settings
from scorewire.stack.ports import is_loopback


def asks_for_tokens(settings: Settings) -> bool:
    """Say whether the API will ask for tokens; it would refuse to start where this raises.

    Raises:
        SetupError: the settings contradict each other, or a key is not fit for its purpose.
    """
    from scorewire.http.installation import gate_of  # noqa: PLC0415 - brings the web framework along
    from scorewire.http.proxies import behind  # noqa: PLC0415 - see above

    behind(settings.trusted_proxies)
    return not gate_of(settings).open


def token_to_show(settings: Settings) -> str | None:
    """Return the token that goes with each request, if there is one.

    Raises:
        SetupError: it cannot be sent; the message does not repeat it.
    """
    if settings.token is None:
        return None
    token = settings.token.get_secret_value().strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        message = "SCOREWIRE_TOKEN has characters that no token has; set it to the token alone."
        raise SetupError(message)
    return token or None


def standing(host: str, *, locked: bool) -> str:
    """Tell who can reach an API on `host`, and who of them may use it ([A1])."""
    if is_loopback(host):
        if locked:
            return "The API asks for tokens; only this machine can reach it."
        return (
            "The API is open to everyone on this machine, and no other machine can reach it; with "
            "SCOREWIRE_JWT_SECRET set it asks for tokens."
        )
    if locked:
        return (
            f"The API listens on {host} and asks for tokens; let a proxy with TLS stand before it, "
            "as tokens can be read on the way otherwise."
        )
    return (
        f"Warning: the API listens on {host} and asks for no tokens, so everyone who reaches this "
        "machine may use it and see all jobs; set SCOREWIRE_JWT_SECRET, or let a firewall decide."
    )
