"""A Demucs model small enough for tests, in the form in which real ones lie in a folder."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SOURCES = ("drums", "bass", "other", "vocals")
SIX_SOURCES = (*SOURCES, "guitar", "piano")

_LINEAR = 20.0  # so far from zero, GELU is the identity


def make_tiny_demucs(
    folder: Path,
    name: str = "htdemucs",
    sources: Sequence[str] = SOURCES,
    *,
    gains: Mapping[str, float] | None = None,
    segment_s: int = 2,
) -> Path:
    """Write an HTDemucs of 7,000 weights to `folder`, set by hand so that its output is known.

    The files are `<name>.yaml`, a bag of one model, and `<signature>-<checksum>.th`, as Demucs
    finds them in a folder, so tests run Demucs's own loading and separation.

    Args:
        folder: where the files go; it is made.
        name: the model's name.
        sources: its stems.
        gains: what each stem is, times the mix; without it the piano (or, where there is none,
            the other instruments) plays everything, and the rest is silent.
        segment_s: length of the model's segments, in seconds.

    Returns:
        The folder.
    """
    import torch  # noqa: PLC0415 - seconds that only tests of a separation pay
    from demucs.htdemucs import HTDemucs  # noqa: PLC0415 - as above

    settings = {
        "sources": list(sources),
        "channels": 8,
        "depth": 2,
        "dconv_mode": 0,
        "rewrite": False,
        "nfft": 512,
        "t_layers": 0,
        "segment": segment_s,
    }
    soloist = "piano" if "piano" in sources else "other"
    levels = [(gains or {soloist: 1.0}).get(source, 0.0) for source in sources]
    state = HTDemucs(**settings).state_dict()
    _pass_through(state, levels)
    package = {"klass": HTDemucs, "args": (), "kwargs": settings, "state": state}
    buffer = io.BytesIO()
    torch.save(package, buffer)
    signature = hashlib.sha256(name.encode()).hexdigest()[:8]
    checksum = hashlib.sha256(buffer.getvalue()).hexdigest()[:8]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{signature}-{checksum}.th").write_bytes(buffer.getvalue())
    (folder / f"{name}.yaml").write_text(f"models: ['{signature}']\n", encoding="utf-8")
    return folder


def _pass_through(state: dict[str, Any], levels: Sequence[float]) -> None:
    """Set all weights to zero but a path through the outermost layers of the time branch.

    Four samples of each of the two channels become the eight channels of the first layer, and
    come back through the skip connection, once for each stem.
    """
    for weight in state.values():
        weight.zero_()
    encoder, decoder = "tencoder.0.conv", "tdecoder.1.conv_tr"
    state[f"{encoder}.bias"][:] = _LINEAR
    for source, level in enumerate(levels):
        state[f"{decoder}.bias"][2 * source : 2 * source + 2] = -_LINEAR * level
    for inner in range(8):
        channel, phase = divmod(inner, 4)
        state[f"{encoder}.weight"][inner, channel, 2 + phase] = 1
        for source, level in enumerate(levels):
            state[f"{decoder}.weight"][inner, 2 * source + channel, 2 + phase] = level
