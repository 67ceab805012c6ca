"""Scores as pictures, read back as SVG."""

import re
import threading

import pytest
import verovio
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from lxml import etree
from performances import minuet, note_lists, play, write

from scorewire.errors import InternalError, InvalidRequestError
from scorewire.jobs.options import Stem
from scorewire.music.engraving import Engraving, Look, engrave
from scorewire.music.key import Key
from scorewire.music.notes import Note

LONG = [
    Note(note.onset_s + 6 * time, note.offset_s + 6 * time, note.pitch, note.velocity)
    for time in range(10)
    for note in minuet()
]
KEYS = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]


def written_ids(musicxml: bytes) -> list[str]:
    """All ids of notes in the file."""
    return re.findall(r'<note id="([^"]+)"', musicxml.decode())


def drawn_ids(engraving: Engraving) -> list[str]:
    """All ids of noteheads in the pictures, each of which is well-formed XML."""
    found = []
    for page in engraving.pages:
        root = etree.fromstring(page)
        found += [element.get("id") for element in root.iter() if element.get("class") == "note"]
    return found


def room(page: str) -> list[float]:
    """Width and height of a picture."""
    return [float(side) for side in etree.fromstring(page).get("viewBox").split()[2:]]


@pytest.fixture(scope="module")
def score() -> bytes:
    """A piece of forty bars."""
    return write(LONG, key="G major").musicxml


@pytest.mark.parametrize("look", [Look(width=800), Look(width=360, transpose=-5, scale=150)])
def test_every_note_is_drawn_under_its_id(score: bytes, look: Look) -> None:
    """The page lights notes by the ids of MusicXML, whatever the picture's size and key."""
    assert sorted(drawn_ids(engrave(score, look))) == sorted(written_ids(score))


def test_the_music_flows_to_the_width(score: bytes) -> None:
    """A narrow window and large notes take more pages; each picture is as wide as asked for."""
    wide, narrow = engrave(score, Look(width=1200)), engrave(score, Look(width=400))
    large = engrave(score, Look(width=1200, scale=180))
    assert len(wide.pages) < len(narrow.pages)
    assert len(wide.pages) < len(large.pages)
    for engraving in (wide, narrow, large):
        assert {room(page)[0] for page in engraving.pages} == {engraving.width}
        assert max(room(page)[1] for page in engraving.pages) == engraving.height


def test_continuous_is_one_picture(score: bytes) -> None:
    """Without pages there is one picture, as high as the music."""
    (page,) = engrave(score, Look(width=500, layout="continuous")).pages
    assert room(page)[1] > 500 * 297 / 210


@pytest.mark.parametrize("layout", ["pages", "continuous"])
@pytest.mark.parametrize("width", [200, 4000])
@pytest.mark.parametrize("scale", [20, 200])
def test_the_outermost_sizes(score: bytes, width: int, scale: int, layout) -> None:
    """Every width and scale that may be asked for gives pictures with all notes."""
    engraving = engrave(score, Look(width=width, scale=scale, layout=layout))
    assert engraving.width == width
    assert len(drawn_ids(engraving)) == len(written_ids(score))


def test_the_metronome_mark_needs_no_font() -> None:
    """A dotted quarter is drawn, its number written; no font is named but for words."""
    page = engrave(write(minuet(), time_signature="6/8", tempo_bpm=66.5).musicxml, Look(width=800))
    (tempo,) = etree.fromstring(page.pages[0]).xpath("//*[@class='tempo']")
    assert "".join(tempo.itertext()).split() == ["=", "66.5"]
    assert len(tempo.findall("{*}path")) == 2  # the note and its dot
    assert "Leipzig" not in page.pages[0]
    assert "font-face" not in page.pages[0]


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", KEYS)
def test_the_key_that_is_named_is_the_key_that_is_drawn(tonic: str, mode: str) -> None:
    """`Key.transposed` says what Verovio writes, for every signature and interval."""
    major = Key(tonic, "major")
    name = tonic if mode == "major" else KEYS[(KEYS.index(tonic) + 3) % 15]
    key = major if mode == "major" else Key.parse(f"{name} minor")
    document = write(minuet(), key=key.name).musicxml.decode()
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    for semitones in range(-12, 13):
        toolkit.setOptions({"transpose": str(semitones) if semitones else ""})
        toolkit.loadData(document)
        (signature,) = set(re.findall(r'<keySig[^>]* sig="(\w+)"', toolkit.getMEI())) or {"0"}
        count = int(signature[0]) * (-1 if signature.endswith("f") else 1)
        assert key.transposed(semitones).fifths == count


def test_chord_symbols_need_no_font_and_do_not_touch() -> None:
    """Accidentals are letters, moved up with the notes; each symbol begins after the one before."""
    beats = [
        (2, (46, 65, 68, 74)),
        (0, (39, 67, 70, 75)),
        (1, (47, 65, 68, 74)),
        (3, (48, 63, 67, 72)),
    ]
    notes = play([(beat, 1, pitch) for beat, chord in beats for pitch in chord])
    asked = {"time_signature": "4/4", "tempo_bpm": 120, "key": "Eb major", "chord_symbols": True}
    musicxml = write(notes, **asked).musicxml
    for semitones, expected in ((0, ["E♭", "B°7", "B♭7", "Cm"]), (2, ["F", "C♯°7", "C7", "Dm"])):
        (page,) = engrave(musicxml, Look(width=600, transpose=semitones)).pages
        assert "Leipzig" not in page
        symbols = etree.fromstring(page).xpath("//*[@class='harm']/*")
        assert ["".join(symbol.itertext()).strip() for symbol in symbols] == expected
        starts = [float(symbol.get("x")) for symbol in symbols]
        widths = [200 * len(text) for text in expected]  # of a letter of Times, at 405 units
        assert all(a + w < b for a, w, b in zip(starts, widths, starts[1:], strict=False))


def test_one_part_alone() -> None:
    """Its notes and no other's, with the tempo; a part that is not there is named as the fault."""
    bass = play([(beat, 1, 40) for beat in range(8)])
    musicxml = write({Stem.PIANO: minuet(), Stem.BASS: bass}).musicxml
    alone = engrave(musicxml, Look(width=800, part=1))
    assert {name.partition("-")[0] for name in drawn_ids(alone)} == {"P2"}
    assert 'class="tempo"' in alone.pages[0]
    with pytest.raises(InvalidRequestError, match="2 parts") as told:
        engrave(musicxml, Look(width=800, part=2))
    assert told.value.field == "part"


def test_what_is_no_score_is_told() -> None:
    """A file that is something else is a fault of ours, in one sentence."""
    with pytest.raises(InternalError, match="cannot be engraved"):
        engrave(b"no score", Look(width=800))


def test_the_same_score_gives_the_same_pictures(score: bytes) -> None:
    """Nothing random is in a picture, and threads that draw at once do not disturb each other."""
    looks = [Look(width=400 + 100 * number) for number in range(4)]
    expected = [engrave(score, look) for look in looks]
    drawn: dict[int, Engraving] = {}

    def work(number: int) -> None:
        drawn[number] = engrave(score, looks[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [drawn[number] for number in range(4)] == expected


@hypothesis_settings(max_examples=40, deadline=None)
@given(note_lists())
def test_any_score_can_be_drawn(notes: list[Note]) -> None:
    """Whatever was written is drawn whole, a fifth up and in a narrow window."""
    musicxml = write(notes).musicxml
    engraving = engrave(musicxml, Look(width=360, transpose=7))
    assert sorted(drawn_ids(engraving)) == sorted(written_ids(musicxml))
