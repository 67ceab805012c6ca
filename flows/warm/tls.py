"""One TLS context for all of Prefect's clients in a process.

Prefect makes a client for nearly every step of a run, and each reads all of the certificates again:
40 ms, half a dozen times before a run's first stage. OpenSSL's contexts stand being shared by
connections and threads, and a fork.
"""

import ssl
from functools import cache
from types import ModuleType

from prefect.client import orchestration


def share_tls_contexts() -> None:
    """Let Prefect's clients in this process, and in its forks, have one context for one purpose."""
    shared = ModuleType(ssl.__name__)
    vars(shared).update(vars(ssl))
    # Only as Prefect sees the module: others may change the contexts that they create.
    vars(shared)["create_default_context"] = cache(ssl.create_default_context)
    vars(orchestration)["ssl"] = shared
