"""Which accidentals are printed: those that neither the signature nor the bar has said before."""

from collections.abc import Mapping, Sequence

from scorewire.music.key import Key
from scorewire.music.notes import ScoreNote
from scorewire.music.rhythm import Symbol
from scorewire.music.spelling import Spelling

_SHARPS, _FLATS = "FCGDAEB", "BEADGCF"


def shown_accidentals(
    voices: Sequence[Sequence[Symbol]], spellings: Mapping[ScoreNote, Spelling], key: Key
) -> frozenset[tuple[int, ScoreNote]]:
    """Find the notes of a staff's bar that need their accidental printed.

    Args:
        voices: what stands in the bar.
        spellings: written name of every note.
        key: the signature in force.

    Returns:
        Noteheads, each by its tick and note.
    """
    sharpened, flattened = _SHARPS[: max(key.fifths, 0)], _FLATS[: max(-key.fifths, 0)]
    current: dict[tuple[str, int], int] = {}
    shown = set()
    symbols = sorted((symbol for voice in voices for symbol in voice), key=lambda s: s.onset)
    for symbol in symbols:
        if symbol.chord is None or symbol.tied_back:
            continue
        for note in symbol.chord.notes:
            spelling = spellings[note]
            place = (spelling.step, spelling.octave)
            signature = (spelling.step in sharpened) - (spelling.step in flattened)
            if spelling.alter != current.get(place, signature):
                shown.add((symbol.onset, note))
            current[place] = spelling.alter
    return frozenset(shown)
