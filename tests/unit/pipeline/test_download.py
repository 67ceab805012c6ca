"""A link to a recording, from a real server on this machine."""

import functools
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sounds import encode, tone

from scorewire.errors import TooLongError
from scorewire.jobs.options import Options
from scorewire.media.link import Limits
from scorewire.media.network import NetworkPolicy
from scorewire.pipeline.download import from_link

Page = tuple[str, Limits]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A page that states a length of 20 minutes, and limits of 15 minutes that allow its host."""
    site = tmp_path / "site"
    site.mkdir()
    encode(tone(12.0), site / "a.mp3", "libmp3lame")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        root = f"http://127.0.0.1:{server.server_port}"
        (site / "page.html").write_text(
            '<html><script type="application/ld+json">{"@context": "https://schema.org", '
            '"@type": "VideoObject", "name": "Song", "duration": "PT20M", '
            f'"contentUrl": "{root}/a.mp3"}}</script></html>'
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        policy = NetworkPolicy(lambda address: address.is_loopback, (server.server_port,))
        yield f"{root}/page.html", Limits(("127.0.0.1",), 10_000_000, 900.0, policy)
        server.shutdown()
        thread.join()


def test_link_becomes_a_recording(page: Page, tmp_path: Path) -> None:
    """The sound is fetched and decoded, with one rising progress and the page's title."""
    url, limits = page
    fractions: list[float] = []
    recording = from_link(
        url,
        Options(),
        replace(limits, max_duration_s=1500.0),
        tmp_path,
        lambda fraction, _: fractions.append(fraction),
    )
    assert recording.title == "Song"
    assert recording.audio.duration_s == pytest.approx(12.0, abs=0.05)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_section_of_a_long_video_is_taken(page: Page, tmp_path: Path) -> None:
    """The length of the video is a bar only to those who ask for all of it."""
    url, limits = page
    section = Options(start_s=2.0, end_s=5.0)
    recording = from_link(url, section, limits, tmp_path, lambda _fraction, _message: None)
    assert recording.audio.duration_s == pytest.approx(3.0)
    with pytest.raises(TooLongError):
        from_link(url, Options(), limits, tmp_path, lambda _fraction, _message: None)
