"""Sections in another key."""

import io
import re
from itertools import groupby, pairwise

import mido
import pytest
import verovio
from hypothesis import given, settings
from hypothesis import strategies as st
from performances import minuet, note_lists, write
from score_reading import assert_bars_complete, parse, sounding_notes

from scorewire.jobs.options import Stem
from scorewire.music.key import Key
from scorewire.music.layout import Bar
from scorewire.music.modulations import find_keys
from scorewire.music.notes import Note, ScoreNote
from scorewire.music.playback import decode

BAR = 96
ASKED = {"time_signature": "3/4", "tempo_bpm": 120}
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11)


def section(tonic: int, scale: tuple[int, ...], bars: int, first: int = 0) -> list[ScoreNote]:
    """Bars of a plain harmony, I IV V I, under a tune."""
    notes = []
    for bar in range(bars):
        degree = (0, 3, 4, 0)[bar % 4]
        chord = [tonic - 12 + scale[(degree + third) % 7] for third in (0, 2, 4)]
        tune = [tonic + 12 + scale[(degree + step) % 7] for step in (0, 1, 2, 4)]
        start = BAR * (first + bar)
        notes += [ScoreNote(start, start + BAR, pitch, 80, 2) for pitch in set(chord)]
        notes += [
            ScoreNote(start + 24 * beat, start + 24 * beat + 24, pitch, 80, 1)
            for beat, pitch in enumerate(tune)
        ]
    return notes


def keys_of(notes: list[ScoreNote]) -> list[tuple[int, str]]:
    """Where keys begin: (bar from 0, name)."""
    count = -(-max(note.end for note in notes) // BAR)
    bars = [Bar(n + 1, n * BAR, (n + 1) * BAR) for n in range(count)]
    keys = find_keys(notes, bars)
    assert len(keys) == count
    return [
        (bar, key.name)
        for bar, (before, key) in enumerate(pairwise((None, *keys)))
        if key != before
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            [(60, MAJOR, 24), (60, MINOR, 16), (60, MAJOR, 16)],
            [(0, "C major"), (24, "C minor"), (40, "C major")],
        ),
        ([(56, MAJOR, 24), (61, MAJOR, 24)], [(0, "Ab major"), (24, "Db major")]),
        ([(62, MAJOR, 32), (63, MAJOR, 32)], [(0, "D major"), (32, "Eb major")]),
        ([(57, MINOR, 24), (57, MAJOR, 24)], [(0, "A minor"), (24, "A major")]),
    ],
)
def test_a_section_in_another_key_has_its_signature(parts, expected):
    """Minore and maggiore, a trio, a last chorus a semitone up: each from its very bar on."""
    notes, first = [], 0
    for tonic, scale, bars in parts:
        notes += section(tonic, scale, bars, first)
        first += bars
    assert keys_of(notes) == expected


@pytest.mark.parametrize(
    "parts",
    [
        [(60, MAJOR, 16), (67, MAJOR, 16), (60, MAJOR, 16)],
        [(60, MAJOR, 16), (57, MINOR, 16), (60, MAJOR, 16)],
        [(60, MAJOR, 24), (63, MAJOR, 4), (60, MAJOR, 24)],
        [(60, MAJOR, 11), (60, MINOR, 11)],
    ],
)
def test_a_passing_modulation_has_none(parts):
    """To the dominant, to the relative key, for a few bars, in a short piece: accidentals do."""
    notes, first = [], 0
    for tonic, scale, bars in parts:
        notes += section(tonic, scale, bars, first)
        first += bars
    assert [name for _, name in keys_of(notes)] == ["C major"]


@given(st.integers(-12, 12))
def test_transposing_the_notes_transposes_the_keys(semitones: int):
    """The same sections at any pitch."""
    notes = section(60, MAJOR, 24) + section(60, MINOR, 16, 24)
    moved = [
        ScoreNote(note.onset, note.end, note.pitch + semitones, 80, note.staff) for note in notes
    ]
    for (bar, name), (expected_bar, expected) in zip(keys_of(moved), keys_of(notes), strict=True):
        assert bar == expected_bar
        moved_key = Key.parse(expected).transposed(semitones)
        assert (Key.parse(name).fifths - moved_key.fifths) % 12 == 0
        assert Key.parse(name).mode == moved_key.mode


def minuet_and_trio() -> list[Note]:
    """Sixteen bars in G, sixteen in B flat, sixteen in G."""
    return [
        Note(n.onset_s + 6 * time, n.offset_s + 6 * time, n.pitch + 3 * (4 <= time < 8), n.velocity)
        for time in range(12)
        for n in minuet()
    ]


def test_the_page_and_the_files_follow():
    """Signatures of every pitched part, double bars, names and accidentals, and the MIDI file."""
    drums = [Note(0.5 * beat, 0.5 * beat + 0.1, 38, 80) for beat in range(144)]
    files = write({Stem.PIANO: minuet_and_trio(), Stem.DRUMS: drums}, **ASKED)
    root = parse(files.musicxml)
    assert_bars_complete(root)
    piano, drum_set = root.findall("part")
    signatures = {
        int(measure.get("number")): int(measure.findtext("attributes/key/fifths"))
        for measure in piano.findall("measure")
        if measure.find("attributes/key") is not None
    }
    assert signatures == {1: 1, 17: -2, 33: 1}
    assert len(drum_set.findall(".//key")) == 1
    doubled = root.xpath("//measure[barline/bar-style='light-light']/@number")
    assert doubled == ["16", "32"] * 2
    assert not piano.findall(".//accidental")
    (conductor, *_) = mido.MidiFile(file=io.BytesIO(files.midi)).tracks
    now, told = 0, []
    for message in conductor:
        now += message.time
        if message.type == "key_signature":
            told.append((now // (3 * 480), message.key))
    assert told == [(0, "G"), (16, "Bb"), (32, "G")]
    assert decode(files.playback).key == "G major"
    assert len(sounding_notes(root)) == len(minuet_and_trio())


def test_the_musicians_key_holds_throughout():
    """A key that was given is the only one on the page."""
    root = parse(write(minuet_and_trio(), key="G major", **ASKED).musicxml)
    assert [key.text for key in root.iter("fifths")] == ["1"]


def test_verovio_moves_every_signature():
    """Engraved a minor third up, each section is in the key a minor third up."""
    toolkit = verovio.toolkit()
    musicxml = write(minuet_and_trio(), **ASKED).musicxml.decode()
    for semitones, expected in (("", ["1s", "2f", "1s"]), ("3", ["2f", "5f", "2f"])):
        toolkit.setOptions({"transpose": semitones})
        assert toolkit.loadData(musicxml)
        signatures = re.findall(r'<keySig[^>]* sig="(\w+)"', toolkit.getMEI())
        assert [sig for sig, _ in groupby(signatures)] == expected


@settings(max_examples=30, deadline=None)
@given(note_lists())
def test_a_key_stays_for_a_dozen_bars(notes: list[Note]):
    """Whatever was played, signatures are far apart."""
    root = parse(write(notes).musicxml)
    numbers = [
        int(measure.get("number"))
        for measure in root.find("part").findall("measure")
        if measure.find("attributes/key") is not None
    ]
    assert all(after - before >= 11 for before, after in pairwise(numbers))
