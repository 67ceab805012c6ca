"""What a bulk run is told to work on, and what it makes of it."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sounds import tone

from flows.batch.sources import Item, bucket_and_key, expand, expand_all
from scorewire.errors import InvalidRequestError
from scorewire.jobs.options import NotationOptions, Options, Stem
from scorewire.media.flac import write_flac
from scorewire.media.link import Limits
from scorewire.media.network import NetworkPolicy

NOWHERE = Limits(hosts=("youtube.com",), max_bytes=1_000_000, max_duration_s=60)


def test_a_folder_is_its_recordings_in_order(tmp_path: Path):
    """Folders within are looked into; what is hidden, or no recording by its name, is left out."""
    for name in ("b.MP3", "a.flac", "in/c.opus", ".hidden.wav", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = expand(str(tmp_path), Options(), NOWHERE)
    assert [item.place for item in found] == [
        str(tmp_path / name) for name in ("a.flac", "b.MP3", "in/c.opus")
    ]


def test_a_file_that_is_named_may_have_any_ending(tmp_path: Path):
    """Its content decides, in its turn."""
    file = tmp_path / "recording.dat"
    file.touch()
    assert expand(str(file), Options(), NOWHERE) == [Item(str(file), Options())]


def test_what_is_not_there_is_said(tmp_path: Path):
    """Before anything is begun."""
    with pytest.raises(InvalidRequestError, match="no file or folder"):
        expand_all([str(tmp_path), str(tmp_path / "nowhere")], Options(), NOWHERE)


def test_a_csv_manifest_has_a_recording_a_line(tmp_path: Path):
    """Columns are options, an empty cell leaves the request's own, paths are beside the file."""
    manifest = tmp_path / "all.csv"
    manifest.write_text(
        "source,title,start_s,instruments,notation.tempo_bpm\n"
        'one.mp3,A Study,1.5,"piano, bass",96\n'
        "https://www.youtube.com/watch?v=abc,,,,\n"
        "s3://bucket/two.flac,,,,\n"
    )
    asked = Options(recording="solo", notation=NotationOptions(key="G major"))
    one, link, bucket = expand(str(manifest), asked, NOWHERE)
    assert one == Item(
        str(tmp_path / "one.mp3"),
        Options(
            title="A Study",
            recording="solo",
            start_s=1.5,
            instruments=(Stem.PIANO, Stem.BASS),
            notation=NotationOptions(tempo_bpm=96, key="G major"),
        ),
    )
    assert link == Item("https://www.youtube.com/watch?v=abc", asked)
    assert bucket == Item("s3://bucket/two.flac", asked)


def test_a_jsonl_manifest_has_options_as_the_api_has_them(tmp_path: Path):
    """One object a line; empty lines are none."""
    manifest = tmp_path / "all.jsonl"
    manifest.write_text(
        '{"source": "/a.wav", "notation": {"time_signature": "3/4"}}\n\n{"source": "/b.wav"}\n'
    )
    waltz = Options(notation=NotationOptions(time_signature="3/4"))
    assert expand(str(manifest), Options(), NOWHERE) == [
        Item("/a.wav", waltz),
        Item("/b.wav", Options()),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (',"no place"', "Line 2 of all.csv names no source"),
        ("/b.wav,x,loud", "Line 2 of all.csv is not valid"),
    ],
)
def test_a_line_at_fault_is_one_recording_that_fails(tmp_path: Path, line: str, fault: str):
    """The lines around it are worked on."""
    manifest = tmp_path / "all.csv"
    manifest.write_text(f"source,title,start_s\n/a.wav,,\n{line}\n/c.wav,,\n")
    first, bad, last = expand(str(manifest), Options(), NOWHERE)
    assert (first.fault, last.fault) == (None, None)
    assert bad.fault is not None
    assert fault in bad.fault


def test_a_manifest_that_cannot_be_read_is_said(tmp_path: Path):
    """A broken file is not a list of failures."""
    manifest = tmp_path / "all.jsonl"
    manifest.write_text("{source: nonsense}\n")
    with pytest.raises(InvalidRequestError, match=r"all\.jsonl cannot be read"):
        expand(str(manifest), Options(), NOWHERE)


def test_a_place_in_a_bucket_is_a_bucket_and_a_key():
    """As S3's own tools write it."""
    assert bucket_and_key("s3://music/live/1.flac") == ("s3://music", "live/1.flac")
    assert bucket_and_key("s3://music") == ("s3://music", "")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A web page with two recordings, on a server of its own."""
    root = tmp_path / "site"
    root.mkdir()
    for name in ("one", "two"):
        write_flac(tone(0.2), root / f"{name}.flac")
    (root / "list.html").write_text(
        "<html><head><title>A list</title></head><body>"
        '<audio src="one.flac"></audio><audio src="two.flac"></audio></body></html>'
    )
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_page_that_lists_recordings_is_those(site: str):
    """yt-dlp's own reading of a list, without a byte of the recordings."""
    port = int(site.rpartition(":")[2])
    policy = NetworkPolicy(allows=lambda address: address.is_loopback, ports=(port,))
    limits = Limits(("127.0.0.1",), 1_000_000, 60, policy)
    found = expand(f"{site}/list.html", Options(), limits)
    assert [item.place for item in found] == [f"{site}/one.flac", f"{site}/two.flac"]


def test_a_list_that_cannot_be_fetched_is_one_failure():
    """The other sources are worked on all the same."""
    (item,) = expand_all(["https://elsewhere.example/list"], Options(), NOWHERE)
    assert item.fault is not None
    assert "elsewhere.example" in item.fault
