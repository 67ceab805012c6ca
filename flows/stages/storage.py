"""What stages hand to each other, stored under the SHA-256 of its bytes."""

from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256

from typing_extensions import override

from flows.runtime import runtime
from flows.scratch import scratch_folder
from scorewire.audio import Audio
from scorewire.jobs.options import Stem
from scorewire.media.flac import read_flac, write_flac


def store_audio(folder: str, audio: Audio) -> str:
    """Store audio as FLAC; returns its blob key."""
    with scratch_folder() as scratch:
        path = scratch / "audio.flac"
        write_flac(audio, path)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        key = f"{folder}/{digest}.flac"
        runtime().blobs.put_file(key, path)
    return key


def load_audio(key: str) -> Audio:
    """Read audio that `store_audio` stored."""
    with scratch_folder() as scratch:
        path = scratch / "audio.flac"
        runtime().blobs.get_file(key, path)
        return read_flac(path)


class StoredStems(Mapping[Stem, Audio]):
    """Stems that are loaded when they are asked for, and not kept.

    Fifteen minutes of one are 317 MB in memory, and there are up to six.

    Args:
        keys: blob key of each stem.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = {Stem(stem): key for stem, key in keys.items()}

    @override
    def __getitem__(self, stem: Stem) -> Audio:
        return load_audio(self._keys[stem])

    @override
    def __iter__(self) -> Iterator[Stem]:
        return iter(self._keys)

    @override
    def __len__(self) -> int:
        return len(self._keys)


def store_bytes(folder: str, content: bytes, suffix: str) -> str:
    """Store a small file; returns its blob key."""
    key = f"{folder}/{sha256(content).hexdigest()}{suffix}"
    runtime().blobs.put_bytes(key, content)
    return key
