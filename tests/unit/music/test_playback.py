"""When each notehead sounds, held against the written file and the notes as played."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from lxml import etree
from performances import minuet, note_lists, play, write
from score_reading import parse, sounding_notes

from scorewire.jobs.options import Stem
from scorewire.music.key import Key
from scorewire.music.notes import Note
from scorewire.music.playback import Playback, decode, transpose


def playback(notes: list[Note], **asked: object) -> Playback:
    """The times of a written performance."""
    return decode(write(notes, **asked).playback)


def ids(root: etree._Element) -> list[str]:
    """The ids of all noteheads, in the order of the file."""
    return [note.get("id") for note in root.iter("note") if note.get("id")]


@hypothesis_settings(max_examples=40, deadline=None)
@given(note_lists())
def test_every_notehead_belongs_to_one_sounding_note(notes: list[Note]) -> None:
    """Each id of the file stands once, and what sounds is what the file says, tied and all."""
    files = write(notes)
    root = parse(files.musicxml)
    told = decode(files.playback)
    heads = [head for note in told.notes for head in (note.id, *note.tied_ids)]
    assert sorted(heads) == sorted(ids(root))
    written = sounding_notes(root)
    assert sorted((n.part, n.pitch) for n in written) == sorted(
        (n.part, n.pitch) for n in told.notes
    )


@hypothesis_settings(max_examples=40, deadline=None)
@given(note_lists())
def test_no_clock_runs_backwards(notes: list[Note]) -> None:
    """Bars, beats and notes come in order, in the score and in the recording; none before 0."""
    told = playback(notes)
    for marks in (told.bars, told.beats, told.notes):
        for clock in ("onset_s", "recording_onset_s"):
            seconds = [getattr(mark, clock) for mark in marks]
            assert seconds == sorted(seconds)
            assert seconds[0] >= 0
    assert all(note.recording_duration_s >= 0 for note in told.notes)


def test_the_written_tempo_rules_the_score() -> None:
    """At 60 a minute a quarter lasts a second, whatever was played."""
    told = playback(minuet(), tempo_bpm=60, time_signature="3/4")
    assert told.tempo_bpm == 60
    assert [bar.onset_s for bar in told.bars] == [3.0 * n for n in range(len(told.bars))]
    assert [beat.onset_s for beat in told.beats] == [float(n) for n in range(len(told.beats))]
    assert [beat.number for beat in told.beats[:6]] == [1, 2, 3, 1, 2, 3]
    assert [beat.bar for beat in told.beats[:6]] == [1, 1, 1, 2, 2, 2]
    assert told.duration_s == 3.0 * len(told.bars)


def test_the_recording_is_followed_through_a_change_of_tempo() -> None:
    """Each note comes in the recording when it was played, and on the page in equal steps."""
    slow = play([(beat, 1, 60 + beat) for beat in range(12)], bpm=100, start_s=1.5)
    later_s = slow[-1].offset_s
    fast = play([(beat, 1, 60 + beat) for beat in range(12)], bpm=125, start_s=later_s)
    told = playback(slow + fast, time_signature="3/4")
    played = sorted(note.onset_s for note in slow + fast)
    assert [n.recording_onset_s for n in told.notes] == pytest.approx(played, abs=0.01)
    written = [note.onset_s for note in told.notes]
    steps = [after - before for before, after in pairwise(written)]
    assert steps == pytest.approx([steps[0]] * 23, abs=1e-3)


def test_a_pickup_has_the_last_beats_of_its_bar() -> None:
    """Bar 0 begins with the first note, and its one beat is the third of three."""
    melody = [(0, 1, 67), *((1 + beat, 1, 72 + beat % 3 * 2) for beat in range(12))]
    bass = [(1 + 3 * bar, 3, low - bar) for bar in range(4) for low in (43, 48)]
    asked = write(play(melody + bass), time_signature="3/4", tempo_bpm=120)
    told = decode(asked.playback)
    assert (told.beats[0].bar, told.beats[0].number, told.beats[0].onset_s) == (0, 3, 0.0)
    assert (told.bars[1].number, told.bars[1].onset_s) == (1, 0.5)


def test_what_the_musician_says_is_written_exactly() -> None:
    """Tempo, metre, key and the names of parts are those that were asked for."""
    told = playback(minuet(), tempo_bpm=97.5, time_signature="6/8", key="Eb major")
    assert (told.tempo_bpm, told.metre, told.key) == (97.5, "6/8", "Eb major")


def test_parts_are_the_scores() -> None:
    """Each part has its name and sound, and its notes say which part they belong to."""
    files = write({Stem.PIANO: minuet(), Stem.BASS: play([(n, 1, 40) for n in range(8)])})
    told = decode(files.playback)
    assert [part.midi_program for part in told.parts] == [0, 33]
    assert {note.id.partition("-")[0] for note in told.notes if note.part == 1} == {"P2"}


def test_a_transposition_moves_pitches_and_key_alone() -> None:
    """Up a tone from G: A major; ids and times stay, and no pitch leaves MIDI's range."""
    told = playback([*minuet(), Note(0.0, 1.0, 127, 80)], key="G major")
    moved = transpose(told, 2)
    assert moved.key == "A major"
    assert [note.pitch for note in moved.notes] == [min(n.pitch + 2, 127) for n in told.notes]
    assert [note.id for note in moved.notes] == [note.id for note in told.notes]
    assert transpose(told, 0) is told


def test_a_key_keeps_its_mode_and_its_distance() -> None:
    """Every key moved by any interval lies that interval away, with at most seven accidentals."""
    tonics = [letter + accidental for letter in "CDEFGAB" for accidental in ("", "#", "b")]
    steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

    def pitch_class(tonic: str) -> int:
        return steps[tonic[0]] + tonic.count("#") - tonic.count("b")

    for tonic in tonics:
        for mode in ("major", "minor"):
            key = Key.parse(f"{tonic} {mode}")
            for semitones in range(-12, 13):
                moved = key.transposed(semitones)
                gone = pitch_class(moved.tonic) - pitch_class(key.tonic) - semitones
                assert (gone % 12, moved.mode, abs(moved.fifths) <= 7) == (0, mode, True)
