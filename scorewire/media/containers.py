"""What a file's own header and last bytes say about its length.

FFmpeg reports a duration for every file, but for several formats it is only estimated from the
bit rate, and for WAV it is the file's size that counts and not what the header says. To tell a
file that was cut off from one that is merely short, a length counts as declared only where the
container really wrote it down.
"""

from collections.abc import Iterator
from pathlib import Path

_HEAD_BYTES = 64 * 1024
_MP3_INFO_BYTES = 4096
_ID3_HEADER_BYTES = 10

_EXACT_FORMATS = frozenset({"aiff", "caf", "mov", "ogg", "wv", "ape"})
"""FFmpeg's names of the formats that always state where their last sample lies."""

_MATROSKA_DURATION_ID = b"\x44\x89"
_FLAC_TOTAL_SAMPLES = slice(22, 26)
_MP4_FILE_TYPE = b"ftyp"
_OGG_PAGE = b"OggS"
_OGG_HEADER_BYTES = 27
_OGG_MAX_PAGE_BYTES = 65_307
_RIFF_HEADER_BYTES = 12
_CHUNK_HEADER_BYTES = 8
_MAX_CHUNKS = 1000
_UNKNOWN_SIZES = frozenset({0, 0x7FFFFFFF, 0xFFFFFFFF})
"""Sizes that programs write into a WAV header when they stream it, or that RF64 stands behind."""


def declares_duration(path: Path, format_name: str) -> bool:
    """Say whether the container wrote its duration down.

    Args:
        path: the file.
        format_name: FFmpeg's name of its format, such as ``mov,mp4,m4a,3gp,3g2,mj2``.
    """
    names = set(format_name.split(","))
    if names & _EXACT_FORMATS:
        return True
    if "matroska" in names:
        return _MATROSKA_DURATION_ID in _read(path, 0, _HEAD_BYTES)
    start = _id3_bytes(path)
    if "flac" in names:
        return any(_read(path, start, _HEAD_BYTES)[_FLAC_TOTAL_SAMPLES])
    if "mp3" in names:
        info = _read(path, start, _MP3_INFO_BYTES)
        return any(mark in info for mark in (b"Xing", b"Info", b"VBRI"))
    return False


def is_cut_off(path: Path, format_name: str) -> bool:
    """Say whether the file ends inside a structure that states its own size."""
    if format_name == "wav":
        return _ends_inside_wav_data(path)
    return format_name == "ogg" and _ends_inside_ogg_page(path)


def is_mp4_without_index(path: Path) -> bool:
    """Say whether a file that cannot be opened is an MP4 whose index (at its end) is missing."""
    return _read(path, 4, 4) == _MP4_FILE_TYPE


def _ends_inside_wav_data(path: Path) -> bool:
    size = path.stat().st_size
    for name, start, length in _wav_chunks(path):
        if name == b"data":
            return length not in _UNKNOWN_SIZES and start + length > size
    return False


def _wav_chunks(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, start and length (bytes) of each chunk of a RIFF file."""
    offset = _RIFF_HEADER_BYTES
    for _ in range(_MAX_CHUNKS):
        header = _read(path, offset, _CHUNK_HEADER_BYTES)
        if len(header) < _CHUNK_HEADER_BYTES:
            return
        length = int.from_bytes(header[4:], "little")
        yield header[:4], offset + _CHUNK_HEADER_BYTES, length
        offset += _CHUNK_HEADER_BYTES + length + length % 2


def _ends_inside_ogg_page(path: Path) -> bool:
    """Say whether the last page is shorter than it says (RFC 3533, section 6)."""
    size = path.stat().st_size
    tail = _read(path, max(0, size - _OGG_MAX_PAGE_BYTES), _OGG_MAX_PAGE_BYTES)
    start = tail.rfind(_OGG_PAGE)
    if start < 0:
        return False
    page = tail[start:]
    if len(page) < _OGG_HEADER_BYTES:
        return True
    segments = page[_OGG_HEADER_BYTES - 1]
    lacing = page[_OGG_HEADER_BYTES : _OGG_HEADER_BYTES + segments]
    return len(lacing) < segments or len(page) < _OGG_HEADER_BYTES + segments + sum(lacing)


def _id3_bytes(path: Path) -> int:
    """Length of the ID3v2 tag (often a cover picture) in front of the first frame."""
    head = _read(path, 0, _ID3_HEADER_BYTES)
    if len(head) < _ID3_HEADER_BYTES or not head.startswith(b"ID3"):
        return 0
    size = 0
    for byte in head[6:]:  # seven bits a byte (ID3v2.4, section 6.2)
        size = size << 7 | byte & 0x7F
    return size + _ID3_HEADER_BYTES


def _read(path: Path, offset: int, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(count)
