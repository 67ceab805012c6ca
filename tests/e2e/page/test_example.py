"""From the first visit to a score that is played and taken along."""

import re
from io import BytesIO
from pathlib import Path

import mido
from browsing import Visits
from music21 import converter
from page_parts import (
    RECORD_PROGRESS,
    STAGES,
    button,
    expect_moving_light,
    expect_score,
)
from playwright.sync_api import Page
from score_reading import assert_bars_complete, parse


def test_the_example_becomes_a_score(visit: Visits) -> None:
    """All four stages are seen in order, progress never falls, and all ends in music to take along.

    What is played lights note after note; the files are what they are called.
    """
    page = visit.blank()
    page.add_init_script(RECORD_PROGRESS)
    page.goto("/")
    button(page, "Try the example").click()
    expect_score(page)
    seen = page.evaluate("seen")
    assert seen["stages"] == list(STAGES)
    assert seen["progress"] == sorted(seen["progress"])
    assert len(seen["progress"]) > len(STAGES)
    assert any(re.match(r"\d+ % · Menuet in G", title) for title in seen["titles"])

    button(page, "Play").click()
    expect_moving_light(page)

    button(page, "Download").click()
    pdf = taken(page, "PDF")
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/MediaBox", pdf)) >= 1
    musicxml = taken(page, "MusicXML")
    assert_bars_complete(parse(musicxml))
    assert len(list(converter.parseData(musicxml, format="musicxml").recurse().notes)) > 20
    for label in ("MIDI, as written", "MIDI, as played"):
        file = mido.MidiFile(file=BytesIO(taken(page, label)))
        assert any(message.type == "note_on" for track in file.tracks for message in track)


def taken(page: Page, label: str) -> bytes:
    """Follow a link of the menu of downloads; returns the file."""
    with page.expect_download() as download:
        page.get_by_role("link", name=label).click()
    assert download.value.suggested_filename.startswith("Menuet in G")
    return Path(download.value.path()).read_bytes()
