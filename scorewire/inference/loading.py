"""The classes behind the two ports, by the names that the settings give them."""

import importlib

from scorewire.errors import SetupError
from scorewire.inference.ports import Separator, Transcriber


def load_separator(spec: str, **options: object) -> Separator:
    """Build the separator that ``module:Class`` names; `options` go to its constructor.

    Raises:
        SetupError: there is no such class.
    """
    separator: Separator = _load(spec)(**options)
    return separator


def load_transcriber(spec: str, **options: object) -> Transcriber:
    """Build the transcriber that ``module:Class`` names; `options` go to its constructor.

    Raises:
        SetupError: there is no such class.
    """
    transcriber: Transcriber = _load(spec)(**options)
    return transcriber


def _load(spec: str) -> type:
    module, _, name = spec.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        message = f"The setting {spec!r} names no class that can be loaded (module:Class): {error}."
        raise SetupError(message) from error
    if not isinstance(found, type):
        message = f"The setting {spec!r} names something that is not a class."
        raise SetupError(message)
    return found
