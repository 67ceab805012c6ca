"""One staff's notes as at most two voices of chords.

Notes with one onset and one end make a chord. What sounds on while the staff plays again goes to a
second voice; where even two voices are not enough, the note that was held is written shorter. No
note is lost: onsets never move, only written lengths give way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from scorewire.music.notes import ScoreNote


@dataclass
class Chord:
    """Notes of one voice with the same onset and end.

    Attributes:
        onset: tick of the start.
        end: tick of the end.
        notes: the notes, lowest first.
    """

    onset: int
    end: int
    notes: list[ScoreNote]

    @property
    def mean_pitch(self) -> float:
        """Middle of the chord."""
        return sum(note.pitch for note in self.notes) / len(self.notes)


def separate_voices(notes: Sequence[ScoreNote]) -> tuple[list[Chord], list[Chord]]:
    """Share one staff's notes between an upper and a lower voice.

    Args:
        notes: in order of onset and pitch.

    Returns:
        Upper and lower voice; each in order, without overlaps.
    """
    voices: tuple[list[Chord], list[Chord]] = ([], [])
    strikes = [list(group) for _, group in groupby(notes, key=lambda note: note.onset)]
    for index, strike in enumerate(strikes):
        chords = _chords_of(strike)
        onset = strike[0].onset
        busy = [bool(voice) and voice[-1].end > onset for voice in voices]
        if all(busy):
            # The one held for longer has said what it had to say; it makes room.
            held = min((0, 1), key=lambda v: (voices[v][-1].onset, v))
            voices[held][-1].end = onset
            busy[held] = False
        if any(busy):
            free = busy.index(False)
            voices[free].append(_merge(chords))
        elif len(chords) > 1:
            voices[0].append(_merge(chords[1:]))
            voices[1].append(chords[0])
        else:
            voices[_voice_for(chords[0], strikes[index + 1 :])].append(chords[0])
    return voices


def _chords_of(strike: Sequence[ScoreNote]) -> list[Chord]:
    """Chords of one onset, lowest first."""
    by_end: dict[int, list[ScoreNote]] = {}
    for note in strike:
        by_end.setdefault(note.end, []).append(note)
    chords = [Chord(notes[0].onset, end, notes) for end, notes in by_end.items()]
    return sorted(chords, key=lambda chord: (chord.mean_pitch, chord.end))


def _merge(chords: Sequence[Chord]) -> Chord:
    """One chord of all; the shortest says how long, so that nothing runs into what follows."""
    notes = sorted((note for chord in chords for note in chord.notes), key=lambda n: n.pitch)
    return Chord(chords[0].onset, min(chord.end for chord in chords), notes)


def _voice_for(chord: Chord, later: Sequence[Sequence[ScoreNote]]) -> int:
    """Lower voice for a chord that is held below what follows; upper voice otherwise."""
    above = below = 0
    for strike in later:
        if strike[0].onset >= chord.end:
            break
        above += sum(note.pitch > chord.mean_pitch for note in strike)
        below += sum(note.pitch <= chord.mean_pitch for note in strike)
    return int(above > below)
