"""What stages hand to each other, stored under the SHA-256 of its bytes."""

from hashlib import file_digest, sha256

from flows.runtime import runtime
from flows.scratch import scratch_folder
from scorewire.audio import Audio
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


def store_bytes(folder: str, content: bytes, suffix: str) -> str:
    """Store a small file; returns its blob key."""
    key = f"{folder}/{sha256(content).hexdigest()}{suffix}"
    runtime().blobs.put_bytes(key, content)
    return key
