"""A recording becomes a score while somebody watches: the whole stack, nothing replaced."""

import itertools
import json
import threading
from io import BytesIO
from pathlib import Path

import mido
import pytest
from client import Client, Watched, drain
from music21 import converter

from scorewire.jobs.stages import Stage


@pytest.fixture(scope="module")
def finished(client: Client, recording: Path) -> tuple[str, Watched]:
    """A job that was watched from its first moment to its end."""
    job_id = client.upload(recording, title="A short study", separation="demucs")
    return job_id, client.watch(job_id, after=0)


def test_progress_moves_through_all_four_stages(finished: tuple[str, Watched]):
    """[J2] [J3] [M1] Events are numbered without a gap, progress never falls, all stages show."""
    _, watched = finished
    assert watched.ids == list(range(1, len(watched.ids) + 1))
    progress = [message["progress"] for message in watched.messages]
    assert progress == sorted(progress)
    stages = [m["stage"] for m in watched.of_type("progress") if m["stage"]]
    assert [stage for stage, _ in itertools.groupby(stages)] == [s.value for s in Stage]


def test_it_ends_in_one_completed_event_and_a_normal_close(finished: tuple[str, Watched]):
    """[W4] [M1] `completed` comes once and last, and the server closes with 1000."""
    job_id, watched = finished
    assert len(watched.of_type("completed")) == 1
    assert watched.last["result_url"] == f"/api/v1/scores/{job_id}"
    assert watched.last["duration_seconds"] > 0
    assert watched.close_code == 1000


def test_polling_agrees_with_the_stream(client: Client, finished: tuple[str, Watched]):
    """[P1] The job, read after its last event, is what that event said."""
    job_id, watched = finished
    job = client.job(job_id)
    assert (job["status"], job["progress"]) == ("completed", 100)
    assert job["last_event_id"] == watched.ids[-1]
    assert job["result_url"] == watched.last["result_url"]


def test_the_score_opens(client: Client, finished: tuple[str, Watched]):
    """[R2] The MusicXML reads in music21 with the title and notes; both MIDI files parse."""
    job_id, _ = finished
    score = client.get(f"/api/v1/scores/{job_id}")
    assert score.headers["content-type"].startswith("application/vnd.recordare.musicxml+xml")
    parsed = converter.parseData(score.content, format="musicxml")
    assert len(list(parsed.recurse().notes)) > 0
    assert "A short study" in score.text
    for timing in ("quantised", "performed"):
        midi = client.get(f"/api/v1/scores/{job_id}/midi?timing={timing}")
        file = mido.MidiFile(file=BytesIO(midi.content))
        assert any(message.type == "note_on" for track in file.tracks for message in track)


def test_watchers_who_join_late_or_after_the_end_get_the_terminal_message(
    client: Client, recording: Path
):
    """[W1] [W2] Two watch one job, one of them from its middle; a third comes after the end."""
    job_id = client.upload(recording, title="Two watchers")
    early = Watched()

    def watch_from_the_start() -> None:
        seen = client.watch(job_id, after=0)
        early.messages, early.close_code = seen.messages, seen.close_code

    watcher = threading.Thread(target=watch_from_the_start)
    watcher.start()
    with client.connect(job_id) as middle:
        while not json.loads(middle.recv(timeout=60)).get("progress"):
            pass
        with client.connect(job_id) as joined_late:
            late = drain(joined_late)
    watcher.join()
    after_the_end = client.watch(job_id)

    assert early.last == late.last == after_the_end.last
    assert early.last["type"] == "completed"
    assert late.messages == early.messages[-len(late.messages) :]
    assert len(after_the_end.messages) == 1
    assert (early.close_code, late.close_code, after_the_end.close_code) == (1000, 1000, 1000)


def test_a_text_file_fails_with_a_sentence_that_helps(client: Client, tmp_path: Path):
    """[J4] [M1] What can never be heard is refused at the download, and not retried."""
    letter = tmp_path / "letter.mp3"
    letter.write_text("Dear musician, this is not a recording. " * 100)
    watched = client.watch(client.upload(letter), after=0)
    assert watched.last["type"] == "error"
    error = watched.last["error"]
    assert (error["code"], error["stage"], error["retryable"]) == ("not_audio", "download", False)
    assert not any("retry" in message["message"] for message in watched.of_type("progress"))
