"""That scores have not become much worse: a small part of what `make evals` and its kit measure.

Each floor lies far under what was measured when it was set, which the tests say.
"""

from collections import Counter
from pathlib import Path

import music21
import numpy as np
from performances import unheard
from performing import perform
from render import LEFT_HAND, RIGHT_HAND, TEMPO_BPM, read_line
from score_reading import parse, sounding_notes
from symbolic import read_musicxml

from scorewire.inference.transcription import BasicPitchTranscriber
from scorewire.jobs.options import Options, Stem
from scorewire.media.decode import decode
from scorewire.music.barlines import follow_beat
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.pipeline.musicxml import engrave
from scorewire.pipeline.transcription import transcribe

SAMPLE = Path(__file__).parents[3] / "samples" / "petzold-menuet.ogg"
CORPUS = Path(music21.__file__).parent / "corpus"
KEPT_BACK = (
    "bach/bwv289.mxl",
    "bach/bwv291.mxl",
    "bach/bwv309.mxl",
    "beethoven/opus18no1/movement3.mxl",
    "haydn/opus1no1/movement4.mxl",
    "haydn/opus74no1/movement3.mxl",
    "mozart/k80/movement2.mxl",
    "schumann_robert/opus41no1/movement2.mxl",
)
"""Scores that the weights were not learned from (`evals/learn_bars.py`)."""

BARS, PERFORMANCES = 20, 3


def test_most_notes_of_the_sample_are_right():
    """From sound to page: place, length, pitch and staff; F1 was 0.91."""
    options = Options()
    audio = decode(SAMPLE, max_duration_s=60.0, report=unheard)
    notes = transcribe({Stem.MIX: audio}, options, BasicPitchTranscriber("cpu"), unheard)
    page = sounding_notes(parse(engrave(notes, options, title="", report=unheard).musicxml))
    written = Counter((n.start, n.end - n.start, n.pitch, n.staff) for n in page)
    printed = Counter(
        (TICKS_PER_QUARTER * start, TICKS_PER_QUARTER * length, pitch, staff)
        for staff, hand in enumerate((RIGHT_HAND, LEFT_HAND), 1)
        for start, length, pitch in read_line(hand)
    )
    right = (written & printed).total()
    assert 2 * right / (written.total() + printed.total()) > 0.7


def test_most_notes_of_printed_music_get_their_place():
    """Chorales and quartets, played more or less freely: 0.87 of the notes were in place."""
    rng = np.random.default_rng(0)
    shares = []
    for name in KEPT_BACK:
        passage = next(read_musicxml(CORPUS / name, name))
        end = BARS * passage.meter.bar_ticks
        notes = [note for note in passage.notes if note.onset < end]
        for _ in range(PERFORMANCES):
            heard = perform(notes, passage.meter, TEMPO_BPM, rng)
            shares.append(heard.share_in_place(follow_beat(heard.events), passage.meter))
    assert np.mean(shares) > 0.65
