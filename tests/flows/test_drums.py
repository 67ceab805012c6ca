"""A job whose recording has drums."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from models import make_tiny_demucs
from score_reading import parse
from sounds import band

from flows.runtime import Runtime
from flows.transcribe import transcribe
from scorewire.jobs.options import Options, SeparationMode, Stem
from scorewire.jobs.source import UploadSource
from scorewire.media.flac import write_flac
from scorewire.music.playback import decode
from scorewire.store.jobs import create_job, get_result


@pytest.fixture(scope="module")
def demucs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Demucs that gives half of the mix to the drums, and half to the other instruments."""
    gains = {"drums": 0.5, "other": 0.5}
    return make_tiny_demucs(tmp_path_factory.mktemp("band"), gains=gains)


@pytest.fixture
def job_id(flow_runtime: Runtime, tmp_path: Path) -> UUID:
    """A queued job with a band's recording."""
    path = tmp_path / "band.flac"
    write_flac(band(bpm=100, bars=4)[Stem.MIX], path)
    flow_runtime.blobs.put_file("uploads/band.flac", path)
    source = UploadSource(blob_key="uploads/band.flac", sha256="band", filename="band.flac")
    options = Options(separation=SeparationMode.DEMUCS)
    job_id = uuid4()
    flow_runtime.store(create_job, source=source, options=options, title="Band", job_id=job_id)
    return job_id


def test_a_separated_recording_has_a_part_for_its_drums(flow_runtime: Runtime, job_id: UUID):
    """The drum stem goes through all stages: a percussion staff, and drums for the player."""
    transcribe(job_id)
    result = flow_runtime.store(get_result, job_id)
    root = parse(flow_runtime.blobs.get_bytes(result["musicxml"]))
    clefs = [part.findtext("measure/attributes/clef/sign") for part in root.findall("part")]
    assert clefs[-1] == "percussion"
    assert len(root.findall("part")[-1].findall(".//unpitched")) >= 16
    told = decode(flow_runtime.blobs.get_bytes(result["playback"]))
    assert [part.percussion for part in told.parts] == [False, True]
