"""The page is served with the API, from what was built."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from serving import Serve, serving

from api import page

SCRIPT = "console.log('a note');\n" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as `vite build` leaves it."""
    for name, text in {
        "index.html": '<!doctype html><script src="/assets/index-abc.js"></script>',
        "assets/index-abc.js": SCRIPT,
        "assets/bank-abc.sf3": SCRIPT,
        "samples/piece.ogg": "OggS",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that has the page alone."""
    async with (
        serving(Litestar(list(page.routes(built)))) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["/", "/jobs/550e8400-e29b-41d4-a716-446655440000"])
async def test_every_view_is_the_page(client: httpx.AsyncClient, path: str) -> None:
    """A reload of any view gives the page, checked for a newer one each time."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert "/assets/index-abc.js" in answer.text


async def test_a_page_that_is_built_anew_is_served(client: httpx.AsyncClient, built: Path) -> None:
    """The files of the one before are gone, so its index must not be told any more."""
    (built / "index.html").write_text("the next one")
    assert (await client.get("/")).text == "the next one"


async def test_the_policy_lets_no_other_host_in(client: httpx.AsyncClient) -> None:
    """Nothing is loaded from or sent to another host, and no site may frame the page."""
    policy = (await client.get("/")).headers["content-security-policy"]
    directives = {name: sources for name, *sources in map(str.split, policy.split(";"))}
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == ["'self'"]
    assert directives["frame-ancestors"] == ["'none'"]
    told = {source for sources in directives.values() for source in sources}
    assert told <= {"'none'", "'self'", "'wasm-unsafe-eval'", "data:", "blob:"}


async def test_hashed_files_are_kept_for_good_and_sent_small(client: httpx.AsyncClient) -> None:
    """A file whose name has its hash is fetched once, compressed."""
    answer = await client.get("/assets/index-abc.js")
    assert answer.text == SCRIPT
    assert "immutable" in answer.headers["cache-control"]
    assert "max-age=31536000" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.num_bytes_downloaded < len(SCRIPT) / 2
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_a_sound_bank_is_not_compressed_again(client: httpx.AsyncClient) -> None:
    """What is compressed already is sent as it is."""
    assert "content-encoding" not in (await client.get("/assets/bank-abc.sf3")).headers


async def test_the_example_is_there(client: httpx.AsyncClient) -> None:
    """What `Try the example` sends needs no network but our own server."""
    answer = await client.get("/samples/piece.ogg")
    assert answer.content == b"OggS"
    assert answer.headers["content-type"] == "audio/ogg"


async def test_nothing_outside_the_folder_is_served(client: httpx.AsyncClient) -> None:
    """A path that climbs out of the folder finds nothing."""
    for path in ("/assets/../index.html", "/assets/%2e%2e/index.html", "/samples/..%2findex.html"):
        answer = await client.get(path)
        assert answer.status_code == 404, path


async def test_a_server_without_the_page_says_so() -> None:
    """Where the page is not built, one sentence says how to build it."""
    async with (
        serving(Litestar(list(page.routes(None)))) as address,
        httpx.AsyncClient(base_url=f"http://{address}") as client,
    ):
        answer = await client.get("/")
    assert answer.status_code == 200
    assert "make page" in answer.text


async def test_the_api_serves_the_page(serve: Serve) -> None:
    """The page, or the sentence about it, stands at the API's own address."""
    client = await serve()
    answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_what_was_built_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel's copy counts before the one in the repository; a folder without an index is none."""
    wheel, repository = tmp_path / "wheel", tmp_path / "repository"
    monkeypatch.setattr(page, "_PLACES", (wheel, repository))
    assert page.find() is None
    for place in (repository, wheel):
        place.mkdir()
        assert page.find() != place
        (place / "index.html").touch()
        assert page.find() == place
