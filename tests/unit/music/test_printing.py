"""The score on paper."""

import re

import pytest
from performances import minuet, play, write

from scorewire.errors import InvalidRequestError
from scorewire.jobs.options import Stem
from scorewire.music.notes import Note
from scorewire.music.printing import print_score

A4_PT = [595.276, 841.89]
TITLE = 'Étude #1: *loud* $x$ \\ "q"'


def pages(pdf: bytes) -> list[list[float]]:
    """Width and height of each page, in points."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    return [[float(side) for side in box] for box in boxes]


def test_a_short_piece_is_one_sheet_of_a4() -> None:
    """A PDF of one A4 page, whose title is in its properties as it was given."""
    pdf = print_score(write(minuet()).musicxml, title=TITLE)
    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == [pytest.approx(A4_PT, abs=0.1)]
    told = re.search(rb"<dc:title>.*?<rdf:li[^>]*>(.*?)</rdf:li>", pdf, re.DOTALL)
    assert told is not None
    assert told[1].decode().replace("&quot;", '"') == TITLE


def test_a_long_piece_goes_on() -> None:
    """Systems flow from page to page, all of the same size."""
    notes = [
        Note(note.onset_s + 6 * time, note.offset_s + 6 * time, note.pitch, note.velocity)
        for time in range(20)
        for note in minuet()
    ]
    sizes = pages(print_score(write(notes).musicxml, title="Long"))
    assert len(sizes) >= 2
    assert all(size == pytest.approx(A4_PT, abs=0.1) for size in sizes)


def test_the_same_score_gives_the_same_bytes() -> None:
    """No date and nothing random is in the file, so it can be cached by what it is made of."""
    musicxml = write(minuet()).musicxml
    first = print_score(musicxml, title="Same")
    assert first == print_score(musicxml, title="Same")
    assert first != print_score(musicxml, title="Same", transpose=2)


def test_many_staves_fit_their_page() -> None:
    """Six parts with wide ranges make a system as high as a page: it is set smaller, not cut."""
    notes = [*minuet(), *play([(beat, 1, 21 + 87 * (beat % 2)) for beat in range(12)])]
    parts = {stem: notes for stem in Stem if stem is not Stem.DRUMS}
    pdf = print_score(write(parts).musicxml, title="Tutti")
    assert len(pages(pdf)) >= 1
    with pytest.raises(InvalidRequestError, match="6 parts"):
        print_score(write(parts).musicxml, title="Tutti", part=6)
