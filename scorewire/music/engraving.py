"""MusicXML to pictures: SVG pages for a screen, engraved by Verovio.

Every notehead keeps the id that it has in MusicXML. The pictures need no font of music: the
metronome mark, which Verovio writes as text, is drawn like all other symbols.
"""

import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal
from xml.etree import ElementTree as ET

import msgspec
from msgspec import Meta

from scorewire.errors import InternalError, InvalidRequestError

ENGRAVER = f"verovio {version('verovio')}"
"""What a picture depends on beside the score and how it is to look."""

Layout = Literal["pages", "continuous"]

_FULL_SCALE = 40
"""Verovio's scale, in percent, at which a staff is 29 px high: what is called 100 % here."""

_PAPER_RATIO = 297 / 210
_TALLEST = 60_000
_NARROWEST = 600
"""Width, in Verovio's units (a staff is 72 high), under which a bar would not find room."""

_LEFT_MARGIN, _RIGHT_MARGIN = 50, 15  # a brace hangs out to the left
_MUSIC_FONT = "Leipzig"
_MUSIC_TEXT = re.compile(
    r'<text x="(?P<x>-?\d+)" y="(?P<y>-?\d+)" font-size="0px">(?P<before>(?:(?!</text|font-f).)*)'
    rf'<tspan font-family="{_MUSIC_FONT}" font-size="(?P<em>\d+)px">(?P<symbols>[^<]*)</tspan>'
    r'(?P<words>.*?font-size="(?P<size>\d+)px".*?)</text>',
    re.DOTALL,
)
"""A text with symbols of music, as Verovio writes a metronome mark and the word before it."""

_ACCIDENTAL_TEXT = re.compile(
    rf'</tspan>\s*<tspan font-family="{_MUSIC_FONT}" font-size="\d+px">([\uEA64-\uEA66])</tspan>'
)
"""An accidental in a chord symbol; goes into the text before it, as a letter that fonts have."""

_ACCIDENTAL_LETTERS = str.maketrans(
    {"\uea64": "♭", "\uea65": "♮", "\uea66": "♯", "𝄫": "♭♭", "𝄪": "♯♯"}
)

_GAP = 0.15
"""Room after the symbols, and for a space among them, as a share of their size."""

_EM = "4D"
"""Code of the letter M, as wide as a letter may be that Verovio has not measured."""

_PAPER = '<rect width="100%" height="100%" style="fill: white; stroke: none"/>'
"""Verovio's pictures are transparent, and black notes are lost on a dark page."""

_ONE_AT_A_TIME = Lock()
"""Verovio's toolkits share state of their library, so no two of them may work at once."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a score is to be engraved.

    Attributes:
        width: of the picture, in pixels.
        scale: size of the music in percent; at 100 a staff is 29 px high. Music that is too large
            for the width is engraved smaller.
        transpose: semitones up.
        layout: pages, or as little cut as can be.
        part: place of the only part to show, from 0; all where it is None.
    """

    width: int
    scale: int = 100
    transpose: int = 0
    layout: Layout = "pages"
    part: int | None = None


class Engraving(msgspec.Struct, frozen=True, kw_only=True):
    """A score as pictures."""

    pages: Annotated[
        list[str],
        Meta(description="SVG, in order; the `id` of a notehead is the one it has in MusicXML."),
    ]
    width: Annotated[int, Meta(description="Of every picture, in pixels.")]
    height: Annotated[int, Meta(description="Of the tallest picture, in pixels.")]


def engrave(musicxml: bytes, look: Look, *, most_pages: int | None = None) -> Engraving:
    """Engrave a score, flowed to a width.

    A picture is as high as what stands on it. Neither title nor page numbers are on it.

    Args:
        musicxml: a document that `write_musicxml` wrote.
        look: how it is to look.
        most_pages: how many are drawn; all where it is None.

    Raises:
        InvalidRequestError: the score has no such part.
        InternalError: the document cannot be read.
    """
    scale = min(_FULL_SCALE * look.scale // 100, look.width * 100 // _NARROWEST)
    page_width = look.width * 100 // scale
    height = round(page_width * _PAPER_RATIO) if look.layout == "pages" else _TALLEST
    pages = draw(
        musicxml,
        transpose=look.transpose,
        part=look.part,
        most_pages=most_pages,
        scale=scale,
        pageWidth=page_width,
        pageHeight=min(height, _TALLEST),
        pageMarginLeft=_LEFT_MARGIN,
        pageMarginRight=_RIGHT_MARGIN,
        svgViewBox=True,
    )
    return Engraving(pages=pages, width=look.width, height=max(map(picture_height, pages)))


def first_page(musicxml: bytes, width: int) -> str:
    """Engrave the first page of a score as a picture of its own: SVG on white paper.

    Raises:
        InternalError: the document cannot be read.
    """
    (page,) = engrave(musicxml, Look(width=width), most_pages=1).pages
    before, defs, after = page.partition("<defs>")
    return f"{before}{_PAPER}{defs}{after}"


def draw(
    musicxml: bytes,
    *,
    transpose: int,
    part: int | None,
    most_pages: int | None = None,
    **options: bool | float,
) -> list[str]:
    """Draw a score with options of Verovio's.

    Raises:
        InvalidRequestError: the score has no such part.
        InternalError: the document cannot be read.
    """
    import verovio  # noqa: PLC0415 - a library of 20 MB, for whoever draws alone

    document = musicxml.decode() if part is None else _single_part(musicxml, part)
    with _ONE_AT_A_TIME:
        verovio.enableLog(verovio.LOG_OFF)
        toolkit = verovio.toolkit(initFont=False)
        # What the library found at its import holds for the thread of that import alone.
        toolkit.setResourcePath(str(_resources()))
        toolkit.setOptions(
            {
                "header": "none",
                "footer": "none",
                "adjustPageHeight": True,
                "smuflTextFont": "none",
                "svgFormatRaw": True,
                "xmlIdSeed": 1,
                "transpose": str(transpose) if transpose else "",
                **options,
            }
        )
        if not toolkit.loadData(document):
            message = "The score cannot be engraved; tell the operator of this server."
            raise InternalError(message)
        count = toolkit.getPageCount() if most_pages is None else most_pages
        pages = [toolkit.renderToSVG(page + 1) for page in range(count)]
    return [_MUSIC_TEXT.sub(_draw_symbols, _spell_accidentals(page)) for page in pages]


def _single_part(musicxml: bytes, place: int) -> str:
    """The document of one part, with the tempo that stands over the first."""
    root = ET.fromstring(musicxml)  # noqa: S314 - our own writer's document, not a stranger's
    parts, listed = root.findall("part"), root.findall("part-list/score-part")
    if place >= len(parts):
        message = f"The score has {len(parts)} parts; give the place of one, from 0."
        raise InvalidRequestError(message, field="part")
    chosen = parts[place].find("measure")
    tempo = parts[0].find("measure/direction")
    if place > 0 and chosen is not None and tempo is not None:
        chosen.insert(1, tempo)  # behind the attributes
    part_list = root.find("part-list")
    for index, (part, entry) in enumerate(zip(parts, listed, strict=True)):
        if index != place and part_list is not None:
            root.remove(part)
            part_list.remove(entry)
    return ET.tostring(root, encoding="unicode")


def picture_height(page: str) -> int:
    """Height of a picture that was drawn with `svgViewBox`, in its pixels."""
    box = re.search(r'viewBox="0 0 \d+ (\d+)"', page)
    return int(box[1]) if box else 0


def _spell_accidentals(page: str) -> str:
    """Write what stands in chord symbols in letters that fonts of words have."""
    page = _ACCIDENTAL_TEXT.sub(r"\1</tspan>", page)
    return page.translate(_ACCIDENTAL_LETTERS)


def _draw_symbols(found: re.Match[str]) -> str:
    """The symbols of a text as drawings, between the words before and behind them."""
    em, at, drawn = int(found["em"]), float(found["x"]), []
    size, y = int(found["size"]), found["y"]
    before = _words(found["before"])
    if before:
        # Whatever font there is, the word is made as long as the place that it was given.
        length = size * _width(before)
        fitted = f'textLength="{length:.0f}" lengthAdjust="spacingAndGlyphs"'
        drawn.append(f'<text x="{at:g}" y="{y}" font-size="{size}px" {fitted}>{before}</text>')
        at += length + em * _GAP
    for symbol in found["symbols"]:
        if symbol.isspace():
            at += em * _GAP
            continue
        outline, advance = _symbol(symbol)
        place = f"translate({at:g} {y}) scale({em / 1000:g} {-em / 1000:g})"
        drawn.append(f'<path transform="{place}" d="{outline}" />')
        at += advance * em / 1000
    place = f'x="{at + em * _GAP:g}" y="{y}" font-size="{size}px"'
    return f"{''.join(drawn)}<text {place}>{_words(found['words'])}</text>"


def _words(text: str) -> str:
    """The words of a text, without what says how they look."""
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


@cache
def _width(word: str) -> float:
    """Length of a word in bold Times, as tempo marks are, in sizes of the font."""
    metrics = ET.parse(_resources() / "text" / "Times-bold.xml")  # noqa: S314 - Verovio's own data
    boxes = {box.get("c"): box for box in metrics.iter("g")}
    length = 0.0
    for letter in word:
        box = boxes.get(f"{ord(letter):02X}", boxes[_EM])
        length += float(box.get("h-a-x") or float(box.get("x", 0)) + float(box.get("w", 0)))
    return length / int(metrics.getroot().get("units-per-em", 1))


@cache
def _symbol(symbol: str) -> tuple[str, float]:
    """Outline and advance of a symbol, in thousandths of its size, from Verovio's own data."""
    folder = _resources()
    code = f"{ord(symbol):04X}"
    glyph = (folder / _MUSIC_FONT / f"{code}.xml").read_text(encoding="utf-8")
    metrics = (folder / f"{_MUSIC_FONT}.xml").read_text(encoding="utf-8")
    outline = re.search(r' d="([^"]*)"', glyph)
    advance = re.search(rf'<g c="{code}"[^>]* h-a-x="([\d.]+)"', metrics)
    return (outline[1] if outline else "", float(advance[1]) if advance else 0.0)


def _resources() -> Path:
    import verovio  # noqa: PLC0415 - as above

    return Path(verovio.__file__).parent / "data"
