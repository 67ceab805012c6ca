"""A finished score as pages, as a print and as sound, over real HTTP."""

import asyncio
import re
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from stored_scores import store_score

from scorewire.blobs import open_blobs
from scorewire.settings import Settings
from scorewire.store.events import append_completed
from scorewire.store.jobs import open_attempt


@pytest.fixture
async def finished(engine: AsyncEngine, settings: Settings, job_id: UUID) -> UUID:
    """A job with a real score of two parts."""
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    result = await asyncio.to_thread(store_score, blobs)
    await open_attempt(engine, job_id)
    await append_completed(engine, job_id, result=result)
    return job_id


def _ids(pages: list[str]) -> set[str]:
    return set(re.findall(r'<g id="(P\d+-N\d+)" class="note">', "".join(pages)))


async def test_pages_light_what_playback_plays(client: httpx.AsyncClient, finished: UUID) -> None:
    """[R2] Each notehead of the pages has its time, under the id that it has in MusicXML."""
    score = f"/api/v1/scores/{finished}"
    pages = (await client.get(f"{score}/pages?width=700&scale=80&layout=continuous")).json()
    told = (await client.get(f"{score}/playback")).json()
    assert pages["width"] == 700
    assert len(pages["pages"]) == 1
    heads = {head for note in told["notes"] for head in (note["id"], *note["tied_ids"])}
    assert _ids(pages["pages"]) == heads
    written = set(re.findall(r'<note id="([^"]+)"', (await client.get(score)).text))
    assert written == heads
    assert (told["metre"], told["key"]) == ("3/4", "C major")
    assert [part["name"] for part in told["parts"]] == ["Piano", "Bass"]


async def test_a_transposition_is_one(client: httpx.AsyncClient, finished: UUID) -> None:
    """[R2] Pages and playback move together; one part can be shown alone."""
    score = f"/api/v1/scores/{finished}"
    plain, moved = [
        (await client.get(f"{score}/playback?transpose={semitones}")).json()
        for semitones in (0, -2)
    ]
    assert (plain["key"], moved["key"]) == ("C major", "Bb major")
    assert [n["pitch"] - 2 for n in plain["notes"]] == [n["pitch"] for n in moved["notes"]]
    alone = (await client.get(f"{score}/pages?transpose=-2&part=1")).json()
    assert {name.partition("-")[0] for name in _ids(alone["pages"])} == {"P2"}


@pytest.mark.parametrize("path", ["", "/midi", "/pages", "/playback", "/pdf", "/stems"])
async def test_what_a_client_has_is_not_sent_again(
    client: httpx.AsyncClient, finished: UUID, path: str
) -> None:
    """[R2] Each form of the score has an ETag; a client that has it gets a 304 without a body."""
    address = f"/api/v1/scores/{finished}{path}"
    first = await client.get(address)
    assert first.headers["cache-control"] == "private, no-cache"
    again = await client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", ["pages", "playback"])
async def test_pages_travel_light(client: httpx.AsyncClient, finished: UUID, path: str) -> None:
    """[R2] What takes long over a slow line is compressed for clients that can read it."""
    address = f"/api/v1/scores/{finished}/{path}"
    packed = await client.get(address)
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert packed.json() == plain.json()


async def test_another_look_is_another_state(client: httpx.AsyncClient, finished: UUID) -> None:
    """[R2] The ETag tells looks apart."""
    score = f"/api/v1/scores/{finished}"
    queries = ["", "?width=500", "?scale=50", "?transpose=1", "?layout=continuous", "?part=0"]
    etags = {(await client.get(f"{score}/pages{query}")).headers["etag"] for query in queries}
    assert len(etags) == len(queries)


async def test_a_print(client: httpx.AsyncClient, finished: UUID) -> None:
    """[R2] A PDF under the job's title, which a new title changes at once."""
    address = f"/api/v1/scores/{finished}/pdf"
    first = await client.get(address)
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    assert "%C3%89tude-%20No.%201.pdf" in first.headers["content-disposition"]
    await client.patch(f"/api/v1/jobs/{finished}", json={"title": "Menuet"})
    second = await client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert b"Menuet" in second.content


async def test_many_who_ask_at_once(client: httpx.AsyncClient, finished: UUID) -> None:
    """[R2] Requests that race are all answered, each with its own picture."""
    widths = [300 + 50 * (number % 6) for number in range(24)]
    answers = await asyncio.gather(
        *(client.get(f"/api/v1/scores/{finished}/pages?width={width}") for width in widths)
    )
    assert [answer.json()["width"] for answer in answers] == widths


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("width=199", "width"),
        ("width=4001", "width"),
        ("scale=19", "scale"),
        ("scale=201", "scale"),
        ("transpose=13", "transpose"),
        ("transpose=x", "transpose"),
        ("layout=scroll", "layout"),
        ("part=-1", "part"),
        ("part=2", "part"),
        ("part=99999999999999999999", "part"),
    ],
)
async def test_a_look_that_cannot_be_is_refused(
    client: httpx.AsyncClient, finished: UUID, query: str, field: str
) -> None:
    """[R3] 400 that names the parameter at fault."""
    answer = await client.get(f"/api/v1/scores/{finished}/pages?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == field


NEW = ["pages", "playback", "pdf", "stems", "stems/piano"]


@pytest.mark.parametrize("path", NEW)
async def test_no_score_yet(client: httpx.AsyncClient, job_id: UUID, path: str) -> None:
    """[R2] [R3] 409 while there is no score."""
    answer = await client.get(f"/api/v1/scores/{job_id}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    "path", ["scores/{}/playback", "jobs/{}/recording", "scores/{}/stems/bass"]
)
async def test_a_score_of_before(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings, job_id: UUID, path: str
) -> None:
    """[R3] A score that was written when these files were not kept says so: 404; its pages show."""
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    result = await asyncio.to_thread(store_score, blobs)
    await open_attempt(engine, job_id)
    older = {kind: result[kind] for kind in ("musicxml", "midi", "performance_midi")}
    await append_completed(engine, job_id, result=older)
    answer = await client.get(f"/api/v1/{path.format(job_id)}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await client.get(f"/api/v1/scores/{job_id}/stems")).json() == {"stems": []}
    assert (await client.get(f"/api/v1/scores/{job_id}/pages")).status_code == 200


async def test_a_damaged_score_is_told(
    client: httpx.AsyncClient, engine: AsyncEngine, settings: Settings, finished: UUID
) -> None:
    """[R3] Bytes that are no score are a 500 with its sentence, logged and told without a trace."""
    del engine
    blobs = open_blobs(settings.storage_url, settings.data_dir)
    blobs.put_bytes("scores/x.musicxml", b"no score")
    answer = await client.get(f"/api/v1/scores/{finished}/pages")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    blobs.delete("scores/x.musicxml")
    gone = await client.get(f"/api/v1/scores/{finished}/pdf")
    assert (gone.status_code, gone.json()["code"]) == (410, "not_kept")
