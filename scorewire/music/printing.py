"""A score on paper: Verovio's systems, set on A4 pages by Typst.

Each system is a picture of its own, so that Typst breaks the pages: there is room for the title on
the first, and no system is cut.
"""

import math

import msgspec

from scorewire.music.engraving import draw, picture_height

_SCALE = 100
_WIDTH, _HANGING = 2000, 67
"""Verovio's units: a staff is 72 high, which is 6.7 mm where 186 mm hold 2000. Braces and bars'
numbers hang out to the left, into the page's margin."""

_OUTER_LINE = 5
"""Room for half the breadth of the last bar line."""

_TALLEST = 2500
"""Height of a system that still fits under the title."""

_SHORTEST = 100
"""So little that each system gets a page, in Verovio's sense, of its own."""

_LAYOUT = """
#set page(
  paper: "a4",
  margin: (left: 9mm, right: 15mm, top: 15mm, bottom: 18mm),
  numbering: "1",
)
#set document(title: sys.inputs.title, date: none)
#set text(font: "Libertinus Serif", size: 10pt)
#set block(spacing: 0pt)
#align(center, text(size: 20pt, sys.inputs.title))
#v(4mm)
#for system in json(bytes(sys.inputs.systems)) {
  block(above: 8mm, breakable: false, image(bytes(system), format: "svg", width: 100%))
}
"""


def print_score(
    musicxml: bytes, *, title: str, transpose: int = 0, part: int | None = None
) -> bytes:
    """Set a score on A4 pages with its title and page numbers.

    The same arguments give the same bytes.

    Args:
        musicxml: a document that `write_musicxml` wrote.
        title: stands over the first system.
        transpose: semitones up.
        part: place of the only part to print, from 0; all where it is None.

    Returns:
        A PDF.

    Raises:
        InvalidRequestError: the score has no such part.
        InternalError: the score cannot be set.
    """
    import typst  # noqa: PLC0415 - a library of 30 MB, for whoever prints alone

    systems = _systems(musicxml, transpose, part, _WIDTH)
    tallest = max(picture_height(system) for system in systems)
    if tallest > _TALLEST:  # smaller, so that a system of many staves fits its page
        systems = _systems(musicxml, transpose, part, math.ceil(_WIDTH * tallest / _TALLEST))
    # Everything comes as data, so that nothing in a title is taken for markup.
    given = {"title": title, "systems": msgspec.json.encode(systems).decode()}
    pdf: bytes = typst.compile(_LAYOUT.encode(), sys_inputs=given)
    return pdf


def _systems(musicxml: bytes, transpose: int, part: int | None, width: int) -> list[str]:
    return draw(
        musicxml,
        transpose=transpose,
        part=part,
        scale=_SCALE,
        pageWidth=width,
        pageHeight=_SHORTEST,
        pageMarginLeft=_HANGING,
        pageMarginRight=_OUTER_LINE,
        pageMarginTop=0,
        pageMarginBottom=0,
        svgViewBox=True,
    )
