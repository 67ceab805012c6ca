"""Links: which are taken, and how they are fetched, from real servers on this machine."""

import functools
import http.server
import ipaddress
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sounds import encode, tone

from scorewire.errors import (
    BlockedAddressError,
    DownloadFailedError,
    ScorewireError,
    TooLargeError,
    TooLongError,
    UnsupportedUrlError,
    VideoUnavailableError,
)
from scorewire.media.link import FetchedLink, Limits, check_link, fetch_link
from scorewire.media.network import NetworkPolicy, is_public

HOSTS = ("youtube.com", "youtu.be")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "http://youtu.be/dQw4w9WgXcQ?t=10",
        "  https://music.youtube.com:443/watch?v=1 ",
        "HTTPS://WWW.YOUTUBE.COM./watch?v=1",
    ],
)
def test_links_to_listed_hosts_are_taken(url: str) -> None:
    """A listed host and its subdomains pass, and white space around is dropped."""
    assert check_link(url, HOSTS) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a song",
        "//youtube.com/watch",
        "javascript:alert(1)",
        "ftp://youtube.com/a",
        "file:///etc/passwd",
        "ytsearch:song",
        "https://notyoutube.com/a",
        "https://youtube.com.evil.example/a",
        "https://youtube.com@evil.example/a",
        "https://evil.example#@youtube.com/a",
        "https://youtube.com\\@evil.example/a",
        "https://user:secret@youtube.com/a",
        "https://youtube.com:8080/a",
        "https://youtube.com:99999/a",
        "https://[::1/a",
        "https://127.0.0.1/a",
        "https://youtube.com/a b",
        "https://youtube.com/a\nHost: evil.example",
        "https://youtube.com/" + "a" * 2048,
    ],
)
def test_other_links_are_refused(url: str) -> None:
    """Anything else is refused with the field at fault and a sentence."""
    with pytest.raises(UnsupportedUrlError) as caught:
        check_link(url, HOSTS)
    assert caught.value.field == "youtube_url"
    assert caught.value.message.endswith(".")


class Site(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, redirects from /to/<url>, and fails at /status/<code> and /short.mp3."""

    def do_GET(self) -> None:
        """Answer."""
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.startswith("/status/"):
            self.send_error(int(self.path.removeprefix("/status/")))
        elif self.path == "/short.mp3":
            self.send_response(200)
            self.send_header("Content-Type", "audio/mpeg")
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(bytes(1000))
            self.close_connection = True
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        """Answer like GET; yt-dlp asks so only where it does not read on."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


class Server(http.server.ThreadingHTTPServer):
    """A server whose clients may hang up."""

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of some tests."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to serve."""
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    """The port of a server on the loopback address."""
    with Server(("127.0.0.1", 0), functools.partial(Site, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class Fetcher:
    """Fetches with loopback allowed, unless a test says otherwise."""

    def __init__(self, port: int, folder: Path) -> None:
        self.folder = folder
        self.port = port
        self.policy = NetworkPolicy(lambda address: address.is_loopback, (port,))
        self.hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
        self.max_bytes = 10_000_000
        self.max_duration_s = 900.0
        self.reports: list[tuple[float, str]] = []

    def __call__(self, path: str, host: str = "127.0.0.1") -> FetchedLink:
        """Fetch a path of the server."""
        limits = Limits(self.hosts, self.max_bytes, self.max_duration_s, self.policy)
        return fetch_link(
            f"http://{host}:{self.port}{path}",
            limits=limits,
            folder=self.folder,
            report=lambda fraction, message: self.reports.append((fraction, message)),
        )


@pytest.fixture
def fetch(port: int, tmp_path: Path) -> Fetcher:
    """A fetcher for the server."""
    return Fetcher(port, tmp_path)


def test_fetches_the_bytes_with_true_progress(fetch: Fetcher, folder: Path) -> None:
    """A recording arrives unchanged, and the reports follow its bytes."""
    source = encode(tone(20.0), folder / "a song.wav", "pcm_s16le")
    fetched = fetch("/a%20song.wav")
    assert fetched.path.read_bytes() == source.read_bytes()
    assert fetched.title == "a song"
    fractions = [fraction for fraction, _ in fetch.reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len({fraction for fraction in fractions if 0 < fraction < 1}) >= 3
    assert fetch.reports[-1][1] == "Downloading (3.5 of 3.5 MB)"


def test_follows_a_redirect_within_the_listed_hosts(fetch: Fetcher, folder: Path) -> None:
    """A redirect from one listed host to another is followed."""
    source = encode(tone(1.0), folder / "a.mp3", "libmp3lame")
    fetched = fetch(f"/to/http://127.0.0.1:{fetch.port}/a.mp3", host="localhost")
    assert fetched.path.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_private_addresses_are_blocked(fetch: Fetcher, folder: Path, host: str) -> None:
    """By default neither a private address nor a name that resolves to one is connected to."""
    encode(tone(1.0), folder / "a.mp3", "libmp3lame")
    fetch.policy = NetworkPolicy(ports=(fetch.port,))
    with pytest.raises(BlockedAddressError, match=f"{host} leads to a private network"):
        fetch("/a.mp3", host=host)


def test_redirect_to_a_forbidden_address_is_blocked(fetch: Fetcher, folder: Path) -> None:
    """The rule for addresses holds after a redirect too, even to a listed host."""
    encode(tone(1.0), folder / "a.mp3", "libmp3lame")
    fetch.policy = NetworkPolicy(lambda address: str(address) == "127.0.0.1", (fetch.port,))
    fetch.hosts = ("127.0.0.1", "127.0.0.2")
    with pytest.raises(BlockedAddressError, match=r"127\.0\.0\.2"):
        fetch(f"/to/http://127.0.0.2:{fetch.port}/a.mp3")


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/a.mp3", "ftp://127.0.0.1/a.mp3", "file:///etc/passwd"]
)
def test_redirect_off_the_listed_hosts_is_refused(
    fetch: Fetcher, folder: Path, target: str
) -> None:
    """A page may not lead on to a host, or a kind of address, that a link may not name."""
    encode(tone(1.0), folder / "a.mp3", "libmp3lame")
    fetch.hosts = ("127.0.0.1",)
    with pytest.raises(UnsupportedUrlError, match="leads on to"):
        fetch("/to/" + target.format(port=fetch.port))


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/status/404", VideoUnavailableError),
        ("/status/410", VideoUnavailableError),
        ("/status/403", DownloadFailedError),
        ("/status/429", DownloadFailedError),
        ("/status/500", DownloadFailedError),
        ("/status/503", DownloadFailedError),
        ("/short.mp3", DownloadFailedError),
        ("/page.html", UnsupportedUrlError),
    ],
)
def test_failures_are_told_apart(
    fetch: Fetcher, folder: Path, path: str, error: type[ScorewireError]
) -> None:
    """What is gone stays gone; what the network or the site did may be tried again."""
    (folder / "page.html").write_text("<html><title>A page</title>No recording.</html>")
    with pytest.raises(error) as caught:
        fetch(path)
    assert "please report this issue" not in caught.value.message


def test_nobody_answers(fetch: Fetcher) -> None:
    """A refused connection and an unknown name may be tried again."""
    fetch.hosts = ("127.0.0.1", "no-such-host.invalid")
    unused = fetch.port
    fetch.policy = NetworkPolicy(lambda _: True, (unused, 1))
    fetch.port = 1
    for host in fetch.hosts:
        with pytest.raises(DownloadFailedError):
            fetch("/a.mp3", host=host)


def test_large_files_are_refused_early(fetch: Fetcher, folder: Path) -> None:
    """A file over the limit is given up after its first bytes."""
    encode(tone(20.0), folder / "a.wav", "pcm_s16le")
    fetch.max_bytes = 2_000_000
    with pytest.raises(TooLargeError, match="more than 2 MB"):
        fetch("/a.wav")
    assert sum(path.stat().st_size for path in fetch.folder.glob("*.part")) < 1_000_000


def test_long_recordings_are_refused_before_the_download(fetch: Fetcher, folder: Path) -> None:
    """A page that states a length over the limit is refused before any sound is fetched."""
    encode(tone(1.0), folder / "a.mp3", "libmp3lame")
    (folder / "page.html").write_text(
        '<html><script type="application/ld+json">{"@context": "https://schema.org", '
        '"@type": "VideoObject", "name": "Song", "duration": "PT20M", '
        f'"contentUrl": "http://127.0.0.1:{fetch.port}/a.mp3"}}</script></html>'
    )
    with pytest.raises(TooLongError, match="longer than 15 minutes"):
        fetch("/page.html")
    assert not list(fetch.folder.glob("recording*"))
    fetch.max_duration_s = 1500.0
    fetched = fetch("/page.html")
    assert (fetched.title, fetched.duration_s) == ("Song", 1200)


def test_is_public_sees_through_disguises() -> None:
    """IPv6 forms that carry an IPv4 address count as that address."""
    private = (
        "127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 "
        "255.255.255.255 ::1 :: fe80::1 fd00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 "
        "64:ff9b::7f00:1 2002:7f00:1:: 2001:0:7f00:1::1"
    )
    for text in private.split():
        assert not is_public(ipaddress.ip_address(text)), text
    for text in ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]:
        assert is_public(ipaddress.ip_address(text)), text
