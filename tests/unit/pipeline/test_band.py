"""A small band, rendered and transcribed by the real models, with and without separation."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from models import SOURCES, make_tiny_demucs
from reports import Reports
from score_reading import assert_bars_complete, drum_strokes, parse, sounding_notes
from sounds import band

from scorewire.audio import Audio
from scorewire.inference.separation import DemucsSeparator
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.jobs.options import NotationOptions, Options, SeparationMode, Stem
from scorewire.music.drumset import CLOSED_HI_HAT, KICK, SNARE
from scorewire.pipeline.musicxml import engrave
from scorewire.pipeline.separation import separate
from scorewire.pipeline.transcription import transcribe

BPM = 100
KNOWN = NotationOptions(tempo_bpm=BPM, time_signature="4/4", key="C major")
MELODY = {72, 74, 76, 77, 79}
BASS = {36, 41, 43}


@pytest.fixture(scope="module")
def recording() -> dict[Stem, Audio]:
    """Eight bars of each player, and all of them together."""
    return band(bpm=BPM)


@pytest.fixture(scope="module")
def transcriber() -> BasicPitchTranscriber:
    """One transcriber, so that the model is loaded once."""
    return BasicPitchTranscriber()


def written(
    stems: dict[Stem, Audio], options: Options, model: BasicPitchTranscriber
) -> etree._Element:
    """The score of stems, checked against the schema, its bars complete."""
    reports = Reports()
    parts = transcribe(stems, options, model, reports)
    root = parse(engrave(parts, options, title="Band", report=reports).musicxml)
    assert_bars_complete(root)
    return root


def test_a_band_in_one_part(
    recording: dict[Stem, Audio], transcriber: BasicPitchTranscriber
) -> None:
    """Without separation there is one piano part: melody above, bass below."""
    options = Options(separation=SeparationMode.NONE, notation=KNOWN)
    root = written({Stem.MIX: recording[Stem.MIX]}, options, transcriber)
    assert [name.text for name in root.findall("part-list/score-part/part-name")] == ["Piano"]
    notes = sounding_notes(root)
    found = {note.pitch for note in notes}
    assert len(MELODY - found) <= 1
    assert found >= BASS
    assert all(note.staff == 2 for note in notes if note.pitch in BASS)
    assert all(note.staff == 1 for note in notes if note.pitch >= 76)


def test_a_band_in_parts(recording: dict[Stem, Audio], transcriber: BasicPitchTranscriber) -> None:
    """Each stem is a part of its own, and all parts have the same bars."""
    stems = {stem: audio for stem, audio in recording.items() if stem is not Stem.MIX}
    root = written(stems, Options(notation=KNOWN), transcriber)
    names = [name.text for name in root.findall("part-list/score-part/part-name")]
    assert names == ["Voice", "Accompaniment", "Bass", "Drums"]
    bars = [[bar.get("number") for bar in part.findall("measure")] for part in root.findall("part")]
    assert bars[0] == bars[1] == bars[2] == bars[3]
    clefs = [
        [clef.findtext("sign") for clef in part.findall("measure/attributes/clef")]
        for part in root.findall("part")
    ]
    assert clefs == [["G"], ["G", "F"], ["F"], ["percussion"]]
    pitches = [{n.pitch for n in sounding_notes(root) if n.part == part} for part in range(3)]
    assert pitches[0] == MELODY
    assert pitches[2] == BASS
    # Chords on the second and the fourth beat, the bass on the first and the third.
    beats = [{n.start % 96 for n in sounding_notes(root) if n.part == part} for part in range(3)]
    assert beats[1] == {24, 72}
    assert beats[2] == {0, 48}
    # Kick and snare on the beats in turn, hi-hats between; a stroke in a hundred may be missed.
    drums = Counter((tick % 96, sound) for tick, sound, _ in drum_strokes(root))
    expected = {
        *((tick, KICK) for tick in (0, 48)),
        *((tick, SNARE) for tick in (24, 72)),
        *((tick, CLOSED_HI_HAT) for tick in (12, 36, 60, 84)),
    }
    assert set(drums) == expected
    assert sum(drums.values()) >= 63


def test_a_separated_band_is_one_score(
    tmp_path: Path, recording: dict[Stem, Audio], transcriber: BasicPitchTranscriber
) -> None:
    """Whatever a separator makes of the mix, its stems become parts of one score."""
    shares = {"drums": 0.2, "bass": 0.5, "other": 0.3}
    folder = make_tiny_demucs(tmp_path, "htdemucs", SOURCES, gains=shares)
    options = Options(separation=SeparationMode.DEMUCS, notation=KNOWN)
    stems = separate(recording[Stem.MIX], options, DemucsSeparator("cpu", folder=folder), Reports())
    assert np.sqrt(np.mean(stems[Stem.VOCALS].samples ** 2)) < 1e-3
    root = written(stems, options, transcriber)
    names = [name.text for name in root.findall("part-list/score-part/part-name")]
    assert names == ["Accompaniment", "Bass", "Drums"]
    bars = [[bar.get("number") for bar in part.findall("measure")] for part in root.findall("part")]
    assert bars[0] == bars[1] == bars[2]
    # The tiny model tells nobody apart, so the bass is a line of what the other part has.
    upper, lower = (
        {(n.start, n.pitch) for n in sounding_notes(root) if n.part == part} for part in (0, 1)
    )
    assert len(lower & upper) > 0.9 * len(lower)
    assert len({start for start, _ in lower}) == len(lower)
    assert {pitch for _, pitch in upper} >= MELODY
    assert not {pitch for _, pitch in lower} & MELODY
