"""What a bulk run is to work on: folders, manifests, playlists and buckets become recordings."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import msgspec
from obstore.exceptions import BaseError
from obstore.store import from_url

from scorewire.errors import InvalidRequestError, ScorewireError, ServiceUnavailableError
from scorewire.jobs.options import Options
from scorewire.media.link import Limits
from scorewire.media.playlist import list_playlist

ENDINGS = frozenset({
    ".aac", ".aif", ".aiff", ".flac", ".m4a", ".m4v", ".mka", ".mkv", ".mov", ".mp3", ".mp4",
    ".oga", ".ogg", ".opus", ".wav", ".webm", ".wma",
})  # fmt: skip
"""Of the files that are taken from a folder or a bucket; one that is named itself may have any."""

MANIFEST_ENDINGS = frozenset({".csv", ".jsonl", ".ndjson"})
BUCKET = "s3://"


class Item(msgspec.Struct, frozen=True):
    """A recording to transcribe.

    Attributes:
        place: a path on the worker's machine, a link, or `s3://bucket/key`.
        options: what is asked of it.
        fault: why it cannot be worked on at all, where that is so.
    """

    place: str
    options: Options
    fault: str | None = None

    @property
    def is_link(self) -> bool:
        """Whether it is fetched from a web page."""
        return is_link(self.place)


def is_link(place: str) -> bool:
    """Whether this names a web page."""
    return place.startswith(("http://", "https://"))


def expand(source: str, options: Options, limits: Limits) -> list[Item]:
    """List the recordings of a source, in a lasting order.

    Args:
        source: a file, a folder (with those in it), a manifest, a link to a playlist or to one
            recording, or a bucket with a prefix, `s3://bucket/prefix`.
        options: of the request; a line of a manifest may have others.
        limits: where links may lead.

    Raises:
        InvalidRequestError: there is no such file, or its lines cannot be read.
        ScorewireError: the playlist or the bucket cannot be listed.
    """
    if is_link(source):
        # Each job takes its own page's title when it is fetched; the list's may be cut short.
        return [Item(url, options) for url in list_playlist(source, limits=limits)]
    if source.startswith(BUCKET):
        return [Item(place, options) for place in sorted(_listed(source))]
    path = Path(source).expanduser()
    if path.is_dir():
        files = (file for file in path.rglob("*") if _is_recording(file.name) and file.is_file())
        return [Item(str(file), options) for file in sorted(files)]
    if not path.is_file():
        message = f"There is no file or folder {source} on the worker's machine; correct it."
        raise InvalidRequestError(message, field="sources")
    if path.suffix.lower() in MANIFEST_ENDINGS:
        return list(_read_manifest(path, options))
    return [Item(str(path), options)]


def bucket_and_key(place: str) -> tuple[str, str]:
    """Take `s3://bucket/a/key` apart: the bucket's address, and the key."""
    parts = urlsplit(place)
    return f"{BUCKET}{parts.netloc}", place.removeprefix(f"{BUCKET}{parts.netloc}").lstrip("/")


def _is_recording(name: str) -> bool:
    return not name.startswith(".") and PurePosixPath(name).suffix.lower() in ENDINGS


def _listed(source: str) -> Iterator[str]:
    bucket, prefix = bucket_and_key(source)
    try:
        for page in from_url(bucket).list(prefix or None):
            for found in page:
                if _is_recording(PurePosixPath(found["path"]).name):
                    yield f"{bucket}/{found['path']}"
    except (BaseError, OSError) as error:
        message = f"The bucket {bucket} cannot be listed; check its name and the AWS_ settings."
        raise ServiceUnavailableError(message) from error


def _read_manifest(path: Path, options: Options) -> Iterator[Item]:
    """Read a manifest: a recording a line, with the column `source` and any of the options.

    A line at fault is a recording that fails, with its reason.
    """
    known = msgspec.to_builtins(options)
    for number, line in enumerate(_lines(path), 1):
        wishes = {name: value for name, value in line.items() if value not in ("", None)}
        place = str(wishes.pop("source", "")).strip()
        if not place:
            fault = f"Line {number} of {path.name} names no source; correct it."
            yield Item(f"{path}:{number}", options, fault)
            continue
        try:
            asked = msgspec.convert(_merged(known, wishes), Options, strict=False)
        except msgspec.ValidationError as error:
            fault = f"Line {number} of {path.name} is not valid ({error}); correct it."
            yield Item(place, options, fault)
            continue
        if not is_link(place) and not place.startswith(BUCKET):
            place = str(path.parent / Path(place).expanduser())
        yield Item(place, asked)


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        if path.suffix.lower() == ".csv":
            with path.open(newline="", encoding="utf-8-sig") as file:
                yield from csv.DictReader(file)
            return
        with path.open("rb") as file:
            for line in filter(None, map(bytes.strip, file)):
                yield msgspec.json.decode(line, type=dict[str, Any])
    except (OSError, UnicodeDecodeError, csv.Error, msgspec.MsgspecError) as error:
        message = f"The manifest {path.name} cannot be read ({error}); correct it."
        raise InvalidRequestError(message, field="sources") from error


def _merged(known: Mapping[str, Any], wishes: Mapping[str, Any]) -> dict[str, Any]:
    """Options with others in their place; `notation.key` names a field of `notation`."""
    merged: dict[str, Any] = dict(known)
    for name, value in wishes.items():
        group, _, field = str(name).partition(".")
        if field:
            merged[group] = {**(merged.get(group) or {}), field: value}
        elif name == "instruments" and isinstance(value, str):
            merged[name] = value.replace(",", " ").split()
        else:
            merged[name] = value
    return merged


def expand_all(sources: Iterable[str], options: Options, limits: Limits) -> list[Item]:
    """List the recordings of all sources; one that cannot be listed is an item at fault.

    Raises:
        InvalidRequestError: a file or folder is not there, or a manifest cannot be read.
    """
    items: list[Item] = []
    for source in sources:
        try:
            items += expand(source, options, limits)
        except InvalidRequestError:
            raise
        except ScorewireError as error:
            items.append(Item(source, options, error.message))
    return items
