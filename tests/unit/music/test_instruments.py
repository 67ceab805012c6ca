"""Which staves and clefs a stem gets, and which hand a note."""

import pytest
from performances import minuet, play, unheard

from scorewire.errors import NoNotesError
from scorewire.jobs.options import Options, Stem
from scorewire.music.grid import GridNote
from scorewire.music.hands import LEFT, RIGHT, split_hands
from scorewire.music.instruments import (
    BASS,
    BASS_8VB,
    SCORE_ORDER,
    TREBLE,
    TREBLE_8VB,
    Clef,
    choose_instrument,
)
from scorewire.music.notes import Note
from scorewire.pipeline.musicxml import engrave


def tune(lowest: int) -> list[Note]:
    """A melody of one voice."""
    return play([(beat, 1, lowest + (0, 2, 4, 5, 7, 5, 4, 2)[beat % 8]) for beat in range(16)])


@pytest.mark.parametrize(
    ("stem", "lowest", "name", "clef"),
    [
        (Stem.MIX, 67, "Melody", TREBLE),
        (Stem.MIX, 40, "Melody", BASS),
        (Stem.PIANO, 60, "Piano", TREBLE),
        (Stem.VOCALS, 65, "Voice", TREBLE),
        (Stem.VOCALS, 50, "Voice", TREBLE_8VB),
        (Stem.BASS, 30, "Bass", BASS_8VB),
        (Stem.GUITAR, 52, "Guitar", TREBLE_8VB),
        (Stem.OTHER, 60, "Instrument", TREBLE),
    ],
)
def test_a_line_gets_one_staff(stem: Stem, lowest: int, name: str, clef: Clef):
    """A melody has one staff, in the clef that fits it."""
    instrument = choose_instrument(stem, tune(lowest))
    assert instrument.name == name
    assert instrument.clefs == (clef,)


@pytest.mark.parametrize("stem", [Stem.MIX, Stem.PIANO, Stem.OTHER])
def test_chords_get_two_staves(stem: Stem):
    """Two hands are written on a grand staff."""
    assert choose_instrument(stem, minuet()).clefs == (TREBLE, BASS)


def test_a_named_instrument_names_the_mix():
    """One instrument that the musician named decides how a mix is written; drums do not count."""
    assert choose_instrument(Stem.MIX, tune(60), [Stem.VOCALS]).name == "Voice"
    assert choose_instrument(Stem.MIX, minuet(), [Stem.GUITAR, Stem.DRUMS]).clefs == (TREBLE_8VB,)
    assert choose_instrument(Stem.MIX, minuet(), [Stem.VOCALS, Stem.BASS]).name == "Piano"


def test_every_pitched_stem_has_a_place_in_the_score():
    """All stems but the drums can be written."""
    assert set(SCORE_ORDER) == set(Stem) - {Stem.DRUMS}


def test_hands_keep_to_their_side():
    """Two lines an octave and more apart are told apart, even across middle C."""
    upper, lower = (72, 74, 76, 77, 76, 74), (57, 59, 60, 62, 60, 59)
    notes = [
        GridNote(24 * i, 24 * i + 24.0, pitch, 80)
        for i, pair in enumerate(zip(lower, upper, strict=True))
        for pitch in pair
    ]
    assert split_hands(notes) == [LEFT, RIGHT] * 6


def test_a_wide_chord_is_shared():
    """No hand is asked to span two octaves."""
    notes = [GridNote(0, 24.0, pitch, 80) for pitch in (48, 55, 64, 72)]
    assert split_hands(notes) == [LEFT, LEFT, RIGHT, RIGHT]


def test_the_stage_writes_what_the_options_say():
    """The stage hands title, notation and instruments on."""
    options = Options(instruments=(Stem.VOCALS,))
    files = engrave({Stem.MIX: tune(60)}, options, title="Lied", report=unheard)
    assert b"<work-title>Lied</work-title>" in files.musicxml
    assert b"<part-name>Voice</part-name>" in files.musicxml
    with pytest.raises(NoNotesError):
        engrave({}, options, title="Lied", report=unheard)
