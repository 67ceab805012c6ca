"""What a recording's file is called: in storage, and for people."""

import re
import unicodedata
from pathlib import PurePosixPath

_MAX_NAME_CHARS = 100
_MAX_NAME_BYTES = 200  # file systems take 255, the ending included
_MAX_ENDING_CHARS = 10


def safe_filename(filename: str) -> str:
    """Bring a file's name into the letters that a storage key may have, with its ending."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, ending = re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_name).rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = stem.lstrip("._-")[:_MAX_NAME_CHARS] or "recording"
    ending = re.sub(r"[^A-Za-z0-9]", "", ending)[:10]
    return f"{stem}.{ending}" if ending else stem


def plain_filename(filename: str) -> str:
    """Bring a file's name into one that every file system takes, and that is fit for a title."""
    # Browsers write a quotation mark as %22, as the HTML standard has it.
    name = PurePosixPath(filename.replace("\\", "/").replace("%22", '"')).name
    printable = "".join(letter for letter in name if letter.isprintable())
    stem, _, ending = printable.rpartition(".")
    if not stem:
        stem, ending = ending, ""
    stem = stem.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").strip(" .") or "recording"
    return f"{stem}.{ending[:_MAX_ENDING_CHARS]}" if ending else stem
