"""The bodies of the stages, with the real models."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from models import SIX_SOURCES, make_tiny_demucs
from reports import Reports
from sounds import drummed, encode, plucked, tone

from scorewire.audio import Audio
from scorewire.errors import NoNotesError, TooLongError, WeightsMissingError
from scorewire.inference.profiles import ANY, Profile, choose_profile
from scorewire.inference.separation import DemucsSeparator
from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.jobs.options import Options, SeparationMode, Stem
from scorewire.jobs.report import Report
from scorewire.media.link import Limits
from scorewire.music.drumset import KICK, SNARE
from scorewire.music.notes import Note
from scorewire.pipeline.download import from_file
from scorewire.pipeline.separation import separate
from scorewire.pipeline.spans import span
from scorewire.pipeline.transcription import transcribe

MELODY = plucked([(0.3 + 0.4 * step, 0.35, 60 + step) for step in range(8)])
LIMITS = Limits(hosts=("youtube.com",), max_bytes=10_000_000, max_duration_s=10.0)


@pytest.fixture
def reports() -> Reports:
    """An empty report."""
    return Reports()


@pytest.fixture(scope="module")
def transcriber() -> BasicPitchTranscriber:
    """One transcriber, so that the model is loaded once."""
    return BasicPitchTranscriber()


@pytest.fixture(scope="module")
def separator(tmp_path_factory: pytest.TempPathFactory) -> DemucsSeparator:
    """A separator that gives everything to the piano."""
    folder = make_tiny_demucs(tmp_path_factory.mktemp("models"), "htdemucs_6s", SIX_SOURCES)
    return DemucsSeparator("cpu", folder=folder, instruments=(Stem.PIANO,))


@pytest.fixture
def no_weights(tmp_path: Path) -> DemucsSeparator:
    """A separator whose folder is empty."""
    return DemucsSeparator("cpu", folder=tmp_path)


def test_file_becomes_a_recording(tmp_path: Path, reports: Reports) -> None:
    """The section that was asked for is decoded, and the file's name is its title."""
    path = encode(tone(4.0), tmp_path / "My Song.flac", "flac")
    recording = from_file(path, Options(start_s=1.0, end_s=3.0), LIMITS, reports)
    assert recording.audio.duration_s == pytest.approx(2.0)
    assert recording.title == "My Song"
    assert reports.fractions[-1] == 1.0


def test_limit_counts_for_the_section(tmp_path: Path, reports: Reports) -> None:
    """A file over the limit is refused whole, but a section of it is taken."""
    path = encode(tone(12.0), tmp_path / "a.flac", "flac")
    with pytest.raises(TooLongError):
        from_file(path, Options(), LIMITS, reports)
    assert from_file(path, Options(end_s=9.0), LIMITS, reports).audio.duration_s == 9.0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(recording="solo"), "the recording is of one instrument"),
        (Options(separation=SeparationMode.NONE), "the request says so"),
    ],
)
def test_separation_is_skipped(
    options: Options, reason: str, separator: DemucsSeparator, reports: Reports
) -> None:
    """Where there is nothing to separate, the mix goes on as it is, and the report says why."""
    assert separate(MELODY, options, separator, reports) == {Stem.MIX: MELODY}
    assert reports.messages == [f"Separation skipped: {reason}"]
    assert reports.fractions == [1.0]


def test_separation_without_weights(no_weights: DemucsSeparator, reports: Reports) -> None:
    """`auto` goes on with the mix and says what to do; `demucs` is an error."""
    assert list(separate(MELODY, Options(), no_weights, reports)) == [Stem.MIX]
    assert "run `scorewire doctor`" in reports.messages[-1]
    with pytest.raises(WeightsMissingError):
        separate(MELODY, Options(separation=SeparationMode.DEMUCS), no_weights, reports)


@pytest.mark.parametrize(
    "options",
    [Options(), Options(separation=SeparationMode.DEMUCS, recording="solo")],
    ids=["auto", "demanded"],
)
def test_mix_is_separated(options: Options, separator: DemucsSeparator, reports: Reports) -> None:
    """A mix is split; a demand for it wins over `solo`."""
    stems = separate(MELODY, options, separator, reports)
    assert set(stems) == {Stem(source) for source in SIX_SOURCES}
    assert np.abs(stems[Stem.PIANO].samples - MELODY.samples).max() < 0.02
    assert reports.fractions == sorted(reports.fractions)
    assert reports.fractions[-1] == 1.0


def test_every_audible_stem_is_transcribed(
    transcriber: BasicPitchTranscriber, reports: Reports
) -> None:
    """Each pitched stem has its own notes; leakage, and drums without a stroke, are left out."""
    low = plucked([(0.5, 0.5, 40), (1.5, 0.5, 43)], tail_s=1.5)
    quiet = Audio(MELODY.samples * np.float32(0.002))
    stems = {
        Stem.DRUMS: tone(3.0, level=0.9),
        Stem.BASS: low,
        Stem.VOCALS: quiet,
        Stem.PIANO: MELODY,
    }
    parts = transcribe(stems, Options(), transcriber, reports)
    assert {note.pitch for note in parts[Stem.BASS]} >= {40, 43}
    assert {note.pitch for note in parts[Stem.PIANO]} >= set(range(60, 68))
    assert set(parts) == {Stem.BASS, Stem.PIANO}


def test_progress_spans_the_stems(transcriber: BasicPitchTranscriber, reports: Reports) -> None:
    """Each stem has its share by duration, and the messages say which one it is."""
    long = Audio(np.tile(MELODY.samples, (1, 3)))
    transcribe({Stem.BASS: MELODY, Stem.PIANO: long}, Options(), transcriber, reports)
    assert reports.fractions == sorted(reports.fractions)
    bass = [
        fraction
        for fraction, message in zip(reports.fractions, reports.messages, strict=True)
        if message.startswith("Transcribing bass (1/2)")
    ]
    assert bass[-1] == pytest.approx(0.25)
    assert any(message.startswith("Transcribing piano (2/2)") for message in reports.messages)
    assert reports.messages[-1].startswith("Found ")


def test_drums_are_heard_without_the_transcriber(
    transcriber: BasicPitchTranscriber, reports: Reports
) -> None:
    """A drum stem's strokes are sounds of General MIDI's drum set; the melody stays as it is."""
    times_s = [0.3 + 0.4 * step for step in range(16)]
    drums = drummed([(time_s, (KICK, SNARE)[n % 2]) for n, time_s in enumerate(times_s)])
    parts = transcribe({Stem.PIANO: MELODY, Stem.DRUMS: drums}, Options(), transcriber, reports)
    assert [note.pitch for note in parts[Stem.DRUMS]] == [KICK, SNARE] * 8
    assert [note.onset_s for note in parts[Stem.DRUMS]] == pytest.approx(times_s, abs=0.02)
    assert (
        parts[Stem.PIANO]
        == transcribe({Stem.PIANO: MELODY}, Options(), transcriber, reports)[Stem.PIANO]
    )
    assert any(message.startswith("Transcribing drums (2/2)") for message in reports.messages)


def test_a_mix_is_not_heard_as_drums(transcriber: BasicPitchTranscriber, reports: Reports) -> None:
    """Without a separation, drums in a mix make no part."""
    drums = drummed([(0.3 + 0.4 * step, (KICK, SNARE)[step % 2]) for step in range(8)])
    length = min(drums.samples.shape[1], MELODY.samples.shape[1])
    mix = Audio(drums.samples[:, :length] + MELODY.samples[:, :length])
    assert set(transcribe({Stem.MIX: mix}, Options(), transcriber, reports)) == {Stem.MIX}


@pytest.mark.parametrize(
    ("stems", "instruments", "written"),
    [
        ((Stem.BASS, Stem.PIANO), (Stem.PIANO,), {Stem.PIANO}),
        ((Stem.BASS, Stem.PIANO), (), {Stem.BASS, Stem.PIANO}),
        ((Stem.MIX,), (Stem.PIANO,), {Stem.MIX}),
    ],
)
def test_instruments_choose_the_stems(
    transcriber: BasicPitchTranscriber,
    reports: Reports,
    stems: Sequence[Stem],
    instruments: tuple[Stem, ...],
    written: set[Stem],
) -> None:
    """Only the stems asked for are written; a mix that was not separated always is."""
    recording: Mapping[Stem, Audio] = dict.fromkeys(stems, MELODY)
    parts = transcribe(recording, Options(instruments=instruments), transcriber, reports)
    assert set(parts) == written


class AskedTranscriber:
    """Notes down how it is asked to hear each stem, and hears one note."""

    model_id = "asked"

    def __init__(self) -> None:
        self.profiles: list[Profile] = []

    def transcribe(self, audio: Audio, profile: Profile, report: Report) -> Sequence[Note]:
        """Take the profile."""
        del audio, report
        self.profiles.append(profile)
        return [Note(0.0, 1.0, 60, 80)]


@pytest.mark.parametrize(
    ("stems", "instruments", "heard_as"),
    [
        ((Stem.BASS, Stem.PIANO), (), [Stem.BASS, Stem.PIANO]),
        ((Stem.MIX,), (Stem.BASS,), [Stem.BASS]),
        ((Stem.MIX,), (), [Stem.MIX]),
    ],
)
def test_any_transcriber_is_told_what_it_hears(
    reports: Reports, stems: Sequence[Stem], instruments: tuple[Stem, ...], heard_as: list[Stem]
) -> None:
    """Each stem goes with the profile of its instrument, a mix with that of the one named."""
    asked = AskedTranscriber()
    transcribe(dict.fromkeys(stems, MELODY), Options(instruments=instruments), asked, reports)
    assert asked.profiles == [choose_profile(stem, Options()) for stem in heard_as]
    assert (ANY in asked.profiles) == (heard_as != [Stem.BASS])


def test_a_mix_named_bass_is_one_line(transcriber: BasicPitchTranscriber, reports: Reports) -> None:
    """Chords in a recording of a bass are written as one note at a time."""
    chords = plucked([(0.3 + step, 0.8, pitch) for step in range(4) for pitch in (40, 47, 55)])
    found = {}
    for instruments in ((), (Stem.BASS,)):
        options = Options(recording="solo", instruments=instruments)
        found[instruments] = transcribe({Stem.MIX: chords}, options, transcriber, reports)[Stem.MIX]
    assert len(found[()]) >= 8
    line = found[Stem.BASS,]
    assert all(before.offset_s <= after.onset_s for before, after in pairwise(line))
    assert len(line) >= 4


def test_no_notes(transcriber: BasicPitchTranscriber, reports: Reports) -> None:
    """Noise, and a recording of drums alone, have no notes to write down."""
    noise = np.random.default_rng(0).normal(0, 0.01, (2, 88_200)).astype(np.float32)
    for stem in (Stem.MIX, Stem.DRUMS):
        with pytest.raises(NoNotesError):
            transcribe({stem: Audio(noise)}, Options(), transcriber, reports)


def test_span_stays_within_its_part(reports: Reports) -> None:
    """A step that reports beyond its bounds does not reach into another's part."""
    step = span(reports, 0.25, 0.75, "Step: ")
    for fraction in (-1.0, 0.0, 0.5, 1.0, 2.0):
        step(fraction, "on its way")
    assert reports.fractions == [0.25, 0.25, 0.5, 0.75, 0.75]
    assert reports.messages[0] == "Step: on its way"
