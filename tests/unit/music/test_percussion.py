"""A drum set's part: its places, voices and sounds in every file."""

import io
import itertools

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from performances import minuet, note_lists, play, write
from score_reading import assert_bars_complete, drum_strokes, parse

from scorewire.jobs.options import Stem
from scorewire.music.drumset import CLOSED_HI_HAT, CRASH, KICK, OPEN_HI_HAT, SNARE, SOUNDS
from scorewire.music.engraving import Look, engrave
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.notes import Note
from scorewire.music.playback import decode, transpose
from scorewire.music.printing import print_score

BPM = 120
ROCK = [
    *((eighth / 2, 0.1, CLOSED_HI_HAT) for eighth in range(16)),
    *((4 * bar + beat, 0.1, SNARE) for bar in range(2) for beat in (1, 3)),
    *((4 * bar + beat, 0.1, KICK) for bar in range(2) for beat in (0, 2, 2.5)),
]
TUNE = [(beat, 1, 60 + beat % 5) for beat in range(8)]
ASKED = {"time_signature": "4/4", "tempo_bpm": BPM, "key": "D major"}

Struck = tuple[int, int]
"""Tick from the first bar line, and sound."""


@st.composite
def drum_lists(draw: st.DrawFn) -> list[Note]:
    """Any strokes: before, among and after the notes, closer together than anyone plays."""
    times = st.floats(0, 12) | st.floats(899, 912) | st.sampled_from([0.5, 1.0, 1.25])
    strokes = draw(st.lists(st.tuples(times, st.sampled_from([*SOUNDS, 41])), max_size=40))
    return [Note(onset_s, onset_s + 0.1, sound, 90) for onset_s, sound in strokes]


def drum_part(root: etree._Element) -> etree._Element:
    """The last part."""
    return root.findall("part")[-1]


def heads(page: str) -> list[str]:
    """Where the noteheads of a picture are."""
    root = etree.fromstring(page)
    return root.xpath("//*[@class='notehead']//@transform")


@settings(max_examples=60, deadline=None)
@given(note_lists(max_size=15), drum_lists(), st.sampled_from([None, "4/4", "2/2", "6/8", "3/8"]))
def test_bars_add_up_with_any_drums(notes: list[Note], drums: list[Note], meter: str | None):
    """Schema-valid, every voice of every bar whole, nothing tied, and every sound written."""
    files = write({Stem.MIX: notes, Stem.DRUMS: drums}, time_signature=meter)
    root = parse(files.musicxml)
    assert_bars_complete(root)
    known = {note.pitch for note in drums} & set(SOUNDS)
    assert len(root.findall("part")) == 1 + bool(known)
    if known:
        written = drum_strokes(root)
        assert {CLOSED_HI_HAT, OPEN_HI_HAT} | known == {CLOSED_HI_HAT, OPEN_HI_HAT} | {
            sound for _, sound, _ in written
        }
        assert len(written) == len(set(written)) <= len(drums)
        assert drum_part(root).find(".//tie") is None
        for measure in drum_part(root).findall("measure"):
            lengths = {
                voice: sum(int(note.findtext("duration")) for note in group)
                for voice, group in itertools.groupby(
                    (n for n in measure.findall("note") if n.find("chord") is None),
                    key=lambda note: note.findtext("voice"),
                )
            }
            assert len(set(lengths.values())) == 1, "a voice has gaps"


def test_drums_stand_where_drummers_read_them():
    """Clef, places, noteheads, stems, sounds: hands above, feet below, no key."""
    drums = [*ROCK, (0, 0.1, CRASH), (7.75, 0.1, OPEN_HI_HAT)]
    parts = {Stem.DRUMS: play(drums, bpm=BPM), Stem.MIX: play(TUNE, bpm=BPM)}
    root = parse(write(parts, **ASKED).musicxml)
    part = drum_part(root)
    assert part.findtext("measure/attributes/clef/sign") == "percussion"
    assert part.find("measure/attributes/key").get("print-object") == "no"
    looks = {
        (
            note.find("instrument").get("id"),
            note.findtext("unpitched/display-step") + note.findtext("unpitched/display-octave"),
            note.findtext("notehead"),
            note.findtext("stem"),
            note.findtext("voice"),
        )
        for note in part.iter("note")
        if note.find("unpitched") is not None
    }
    assert looks == {
        ("P2-I37", "F4", None, "down", "2"),
        ("P2-I39", "C5", None, "up", "1"),
        ("P2-I43", "G5", "x", "up", "1"),
        ("P2-I47", "G5", "circle-x", "up", "1"),
        ("P2-I50", "A5", "x", "up", "1"),
    }
    listed = root.findall("part-list/score-part")[-1]
    assert {midi.findtext("midi-channel") for midi in listed.findall("midi-instrument")} == {"10"}
    unpitched = [int(midi.findtext("midi-unpitched")) for midi in listed.iter("midi-instrument")]
    assert unpitched == [KICK + 1, SNARE + 1, CLOSED_HI_HAT + 1, OPEN_HI_HAT + 1, CRASH + 1]


def test_every_stroke_is_in_its_place():
    """A bar of rock: hi-hats on all eighths, and no stroke fills more than a beat."""
    parts = {Stem.DRUMS: play(ROCK, bpm=BPM, start_s=0.01), Stem.MIX: play(TUNE, bpm=BPM)}
    root = parse(write(parts, **ASKED).musicxml)
    expected = [(round(beat * TICKS_PER_QUARTER), sound) for beat, _, sound in ROCK]
    assert [(tick, sound) for tick, sound, _ in drum_strokes(root)] == sorted(expected)
    values = [
        (note.findtext("voice"), note.findtext("type"), note.find("rest") is not None)
        for note in drum_part(root).find("measure").iter("note")
        if note.find("chord") is None
    ]
    assert values[:8] == [("1", "eighth", False)] * 8
    assert values[8:] == [
        ("2", "quarter", False), ("2", "quarter", True),
        ("2", "eighth", False), ("2", "eighth", False), ("2", "quarter", True),
    ]  # fmt: skip


def test_drums_that_come_first_have_bars_of_their_own():
    """Two bars of drums before the tune: it begins in the third, and the times agree."""
    drums = play([(bar * 4 + beat, 0.1, SNARE) for bar in range(4) for beat in range(4)], bpm=BPM)
    tune = play(TUNE, bpm=BPM, start_s=4.0)
    files = write({Stem.MIX: tune, Stem.DRUMS: drums}, **ASKED)
    root = parse(files.musicxml)
    assert_bars_complete(root)
    measures = root.find("part").findall("measure")
    assert [measure.get("number") for measure in measures] == ["1", "2", "3", "4"]
    silent = [measure.find("note/rest") is not None for measure in measures]
    assert silent == [True, True, False, False]
    told = decode(files.playback)
    heard = [note.recording_onset_s for note in told.notes if note.part == 1]
    assert heard == pytest.approx([beat / 2 for beat in range(16)], abs=0.01)


def test_a_swung_cymbal_is_written_in_triplets():
    """Long and short, whatever the tune has; each third stands under a bracket."""
    ride = [(beat + off, 0.1, CLOSED_HI_HAT) for beat in range(8) for off in (0, 2 / 3)]
    parts = {Stem.DRUMS: play(ride, bpm=BPM), Stem.MIX: play(TUNE, bpm=BPM)}
    root = parse(write(parts, **ASKED).musicxml)
    assert_bars_complete(root)
    assert [tick % 24 for tick, _, _ in drum_strokes(root)] == [0, 16] * 8
    marks = [mark.get("type") for mark in drum_part(root).iter("tuplet")]
    assert marks == ["start", "stop"] * 8


def test_both_midi_files_have_drums_on_their_channel():
    """Channel 10, by the numbers of General MIDI; the tune's channel is another."""
    parts = {Stem.DRUMS: play(ROCK, bpm=BPM), Stem.MIX: play(TUNE, bpm=BPM)}
    files = write(parts, **ASKED)
    for midi in (files.midi, files.performance_midi):
        tune, drums = mido.MidiFile(file=io.BytesIO(midi)).tracks[1:]
        assert {m.channel for m in drums if not m.is_meta} == {9}
        assert {m.channel for m in tune if not m.is_meta} == {0}
        struck = [m.note for m in drums if m.type == "note_on"]
        assert sorted(struck) == sorted(sound for _, _, sound in ROCK)


def test_the_player_is_told_of_drums():
    """The part is percussion, its ids are the page's, and no transposition moves its sounds."""
    parts = {Stem.DRUMS: play(ROCK, bpm=BPM), Stem.MIX: play(TUNE, bpm=BPM)}
    files = write(parts, **ASKED)
    told = decode(files.playback)
    assert [part.percussion for part in told.parts] == [False, True]
    struck = {note.id: note.pitch for note in told.notes if note.part == 1}
    ids = {note.get("id") for note in drum_part(parse(files.musicxml)).iter("note")} - {None}
    assert struck.keys() == ids
    moved = transpose(told, 3)
    assert {note.id: note.pitch for note in moved.notes if note.part == 1} == struck
    assert moved.notes[0].pitch - told.notes[0].pitch in {0, 3}
    assert {n.pitch for n in moved.notes if n.part == 0} == {60 + 3 + n for n in range(5)}


@pytest.mark.parametrize("semitones", [0, 3, -2])
def test_drums_are_drawn_without_a_key(semitones: int):
    """All strokes are drawn where they stand, however the rest is transposed."""
    files = write({Stem.DRUMS: play(ROCK, bpm=BPM), Stem.MIX: play(TUNE, bpm=BPM)}, **ASKED)
    alone = engrave(files.musicxml, Look(width=900, part=1, transpose=semitones))
    drawn = [
        element.get("id")
        for page in alone.pages
        for element in etree.fromstring(page).iter()
        if element.get("class") == "note"
    ]
    ids = {note.get("id") for note in drum_part(parse(files.musicxml)).iter("note")} - {None}
    assert set(drawn) == ids
    assert not any("keyAccid" in page for page in alone.pages)
    here = engrave(files.musicxml, Look(width=900, part=1))
    assert [heads(page) for page in alone.pages] == [heads(page) for page in here.pages]


def test_drums_are_printed_alone():
    """A sheet for the drummer."""
    files = write({Stem.DRUMS: play(ROCK, bpm=BPM), Stem.PIANO: minuet()}, title="Sheet")
    assert print_score(files.musicxml, title="Sheet", part=1).startswith(b"%PDF-")


def test_drums_change_nothing_for_the_others():
    """Beat, metre, key and the notes of the pitched parts are as without drums."""
    drums = [Note(0.3 * n, 0.3 * n + 0.1, SNARE, 90) for n in range(1, 15)]
    alone = decode(write(minuet()).playback)
    together = decode(write({Stem.MIX: minuet(), Stem.DRUMS: drums}).playback)
    assert [note for note in together.notes if note.part == 0] == list(alone.notes)
    assert (together.metre, together.key, together.tempo_bpm) == (
        alone.metre, alone.key, alone.tempo_bpm,
    )  # fmt: skip


def test_the_musician_names_the_drums():
    """The names of parts reach to the last one."""
    parts = {Stem.DRUMS: play(ROCK, bpm=BPM), Stem.MIX: play(TUNE, bpm=BPM)}
    root = parse(write(parts, instrument_names=("", "Kit"), **ASKED).musicxml)
    assert [name.text for name in root.iter("part-name")] == ["Melody", "Kit"]
