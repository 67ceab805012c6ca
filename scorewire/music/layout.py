"""A score before it is a file: parts, staves, bars and voices of symbols."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from scorewire.music.clefs import Register, choose_registers
from scorewire.music.grid import Grid, GridNote
from scorewire.music.hands import LEFT, RIGHT, split_hands
from scorewire.music.harmony import ChordSymbol
from scorewire.music.instruments import Instrument
from scorewire.music.key import Key
from scorewire.music.lengths import write_lengths
from scorewire.music.meter import TICKS_PER_QUARTER, Meter
from scorewire.music.notes import ScoreNote
from scorewire.music.rhythm import RhythmWriter, Symbol, mark_groups
from scorewire.music.spelling import Spelling
from scorewire.music.swing_timing import sounding_tick
from scorewire.music.voices import Chord, separate_voices


@dataclass(frozen=True)
class Bar:
    """A bar.

    Attributes:
        number: 0 for a pickup, else from 1.
        start: first tick.
        end: tick of the bar line after it.
    """

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class Part:
    """One instrument's notes, as written.

    Attributes:
        instrument: who plays.
        notes: in order of onset and pitch.
        bars: for each bar, for each staff, its voices' symbols; an unused lower voice is left out.
        registers: for each bar, for each staff, how it is read.
    """

    instrument: Instrument
    notes: tuple[ScoreNote, ...]
    bars: tuple[tuple[tuple[tuple[Symbol, ...], ...], ...], ...]
    registers: tuple[tuple[Register, ...], ...]


@dataclass(frozen=True)
class Score:
    """Everything that stands on the page.

    Attributes:
        title: title.
        meter: time signature.
        keys: key signature of each bar.
        tempo_bpm: beats of the metre in a minute.
        bars: the bars, shared by all parts.
        parts: from the top of the page.
        spellings: written name of every note.
        chords: what stands over the top staff, in order.
        swung: whether eighths are swung; they are written straight.
    """

    title: str
    meter: Meter
    keys: tuple[Key, ...]
    tempo_bpm: float
    bars: tuple[Bar, ...]
    parts: tuple[Part, ...]
    spellings: dict[ScoreNote, Spelling]
    chords: tuple[ChordSymbol, ...] = ()
    swung: bool = False

    def key_changes(self) -> Iterator[tuple[Bar, Key]]:
        """The bars that have a new key, the first one among them."""
        before = None
        for bar, key in zip(self.bars, self.keys, strict=True):
            if key != before:
                yield bar, key
            before = key

    def sounding(self, part: Part) -> Callable[[int], float]:
        """Where the ticks of a part sound: off-beats later, if they are swung; triplets as written.

        Beats and bar lines stay where they are.
        """
        if not self.swung:
            return float
        triplets = {
            symbol.onset // TICKS_PER_QUARTER
            for staves in part.bars
            for voices in staves
            for voice in voices
            for symbol in voice
            if symbol.triplet == TICKS_PER_QUARTER
        }
        return partial(sounding_tick, straight_beats=triplets)


def share_out(notes: Sequence[GridNote], instrument: Instrument) -> list[list[GridNote]]:
    """Share a part's notes between its staves, from the top; order is kept."""
    if not instrument.grand_staff:
        return [list(notes)]
    hands = split_hands(notes)
    return [
        [note for note, hand in zip(notes, hands, strict=True) if hand == staff]
        for staff in (RIGHT, LEFT)
    ]


def assign_staves(notes: Sequence[GridNote], instrument: Instrument, grid: Grid) -> list[ScoreNote]:
    """Share a part's notes between its staves and choose their written lengths."""
    staves = enumerate(share_out(notes, instrument), start=RIGHT)
    return _let_go([note for staff, own in staves for note in write_lengths(own, staff, grid)])


def _let_go(notes: Sequence[ScoreNote]) -> list[ScoreNote]:
    """In order of onset and pitch; a key that the other hand strikes again is let go."""
    struck_again: dict[int, int] = {}
    result = []
    for note in sorted(notes, key=lambda n: (n.onset, n.pitch), reverse=True):
        end = min(note.end, struck_again.get(note.pitch, note.end))
        result.append(replace(note, end=end))
        struck_again[note.pitch] = note.onset
    return result[::-1]


def rule_bars(meter: Meter, first_onset: int, last_end: int) -> tuple[Bar, ...]:
    """Draw bar lines from the first note to the last.

    Music that starts in the second half of a bar starts with a pickup: a first bar without its
    leading rest. Drums that come before all else begin before tick 0.
    """
    length = meter.bar_ticks
    pickup = first_onset % length if first_onset % length >= length / 2 else 0
    first = first_onset // length
    count = -(-last_end // length) - first
    first_number = 0 if pickup else 1
    return tuple(
        Bar(
            first_number + index,
            (first + index) * length + (pickup if index == 0 else 0),
            (first + index + 1) * length,
        )
        for index in range(count)
    )


def name_noteheads(part: Part, index: int) -> dict[tuple[int, ScoreNote], str]:
    """Give each printed notehead its id, in the order of the page.

    Args:
        part: the part.
        index: its place in the score, from 1.

    Returns:
        Ids by the tick of the notehead and its note; a note that is tied has several.
    """
    heads = [
        (symbol.onset, note)
        for staves in part.bars
        for voices in staves
        for voice in voices
        for symbol in voice
        if symbol.chord is not None
        for note in symbol.chord.notes
    ]
    return {head: f"P{index}-N{number}" for number, head in enumerate(heads, start=1)}


def lay_out(
    instrument: Instrument,
    notes: Sequence[ScoreNote],
    bars: Sequence[Bar],
    grid: Grid,
    spellings: Mapping[ScoreNote, Spelling],
) -> Part:
    """Write a part's notes into bars."""
    writer = RhythmWriter(grid.meter, grid.divisions)
    staves = [
        separate_voices([note for note in notes if note.staff == staff + 1])
        for staff in range(len(instrument.clefs))
    ]
    written = tuple(
        tuple(_fill_bar(bar, upper, lower, writer, grid.meter) for upper, lower in staves)
        for bar in bars
    )
    registers = [
        choose_registers(instrument, number, staff, spellings)
        for number, staff in enumerate(zip(*written, strict=True), start=1)
    ]
    return Part(instrument, tuple(notes), written, tuple(zip(*registers, strict=True)))


def _fill_bar(
    bar: Bar, upper: Sequence[Chord], lower: Sequence[Chord], writer: RhythmWriter, meter: Meter
) -> tuple[tuple[Symbol, ...], ...]:
    """Write one staff's bar: one voice without gaps, or two that leave each other room."""
    first = [chord for chord in upper if chord.onset < bar.end and chord.end > bar.start]
    second = [chord for chord in lower if chord.onset < bar.end and chord.end > bar.start]
    if not first and all(c.onset >= bar.start and c.end <= bar.end for c in second):
        first, second = second, []
    if not first and not second:
        return ((writer.whole_bar_rest(bar.start, bar.end),),)
    sounding = sorted((chord.onset, chord.end) for chord in (*first, *second))
    rests = [
        symbol
        for start, end in _gaps(sounding, bar.start, bar.end)
        for symbol in writer.write(start, end, chord=None)
    ]
    voices = [sorted([*_write(first, bar, writer), *rests], key=lambda s: s.onset)]
    if second:
        voices.append(_write(second, bar, writer))
    whole = (_complete_triplets(voice, bar, writer) for voice in voices)
    return tuple(tuple(mark_groups(voice, meter)) for voice in whole)


def _complete_triplets(voice: Sequence[Symbol], bar: Bar, writer: RhythmWriter) -> list[Symbol]:
    """Add the rests without which a triplet of this voice would not add up.

    Elsewhere a voice may be silent without a rest while the other one sounds.
    """
    triplets = {(s.triplet, s.onset // s.triplet) for s in voice if s.triplet}
    rests = []
    for ticks, number in triplets:
        start = max(number * ticks, bar.start)
        end = min((number + 1) * ticks, bar.end)
        written = [(s.onset, s.end) for s in voice if s.onset < end and s.end > start]
        for gap_start, gap_end in _gaps(written, start, end):
            rests += writer.write(gap_start, gap_end, chord=None)
    return sorted([*voice, *rests], key=lambda symbol: symbol.onset)


def _write(chords: Sequence[Chord], bar: Bar, writer: RhythmWriter) -> list[Symbol]:
    return [
        symbol
        for chord in chords
        for symbol in writer.write(max(chord.onset, bar.start), min(chord.end, bar.end), chord)
    ]


def _gaps(spans: Sequence[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """What `spans`, sorted, leave free between `start` and `end`."""
    gaps = []
    reached = start
    for span_start, span_end in spans:
        if span_start > reached:
            gaps.append((reached, span_start))
        reached = max(reached, span_end)
    if reached < end:
        gaps.append((reached, end))
    return gaps
