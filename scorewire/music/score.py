"""Notes to a score: the one entry to this package.

Notes -> beats and metre -> onsets on a grid -> hands and lengths -> key and spelling -> bars and
voices -> MusicXML, MIDI and the times of a player. Every step is a module of its own; this one only
sets their order.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import msgspec
import numpy as np

from scorewire.errors import NoNotesError
from scorewire.jobs.options import NotationOptions, Stem
from scorewire.jobs.report import Report
from scorewire.music.accents import group_chords
from scorewire.music.barlines import follow_beat
from scorewire.music.divisions import Divisions
from scorewire.music.grid import Grid
from scorewire.music.harmony import find_chords
from scorewire.music.instruments import SCORE_ORDER, Instrument, choose_instrument
from scorewire.music.key import Key
from scorewire.music.layout import Bar, Score, assign_staves, lay_out, rule_bars, share_out
from scorewire.music.meter import TICKS_PER_QUARTER, Meter
from scorewire.music.midi import write_performance_midi, write_score_midi
from scorewire.music.modulations import find_keys
from scorewire.music.musicxml import write_musicxml
from scorewire.music.notes import Note, ScoreNote
from scorewire.music.percussion import DrumLine
from scorewire.music.playback import encode, time_score
from scorewire.music.quantize import quantize
from scorewire.music.spelling import Spelling, spell

_LOWEST_PITCH = 12
"""C at 16 Hz: what is lower is not heard as a pitch, and MusicXML has no octave for it."""


class ScoreFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A finished score.

    Attributes:
        musicxml: MusicXML 4.0, UTF-8.
        midi: as written, with a tempo map and one track for every part.
        performance_midi: as played; onsets and offsets to half a millisecond.
        playback: when everything on the page sounds, as `playback.decode` reads it.
    """

    musicxml: bytes
    midi: bytes
    performance_midi: bytes
    playback: bytes


def write_score(
    parts: Mapping[Stem, Sequence[Note]],
    *,
    title: str,
    notation: NotationOptions,
    instruments: Sequence[Stem] = (),
    report: Report,
) -> ScoreFiles:
    """Write what was heard as sheet music.

    Parts share their beats, metre and key. The drum set has neither a say in these nor pitches,
    and stands below. Notes under 16 Hz are left out. Notes of one pitch that start together in one
    part are written as one. The same arguments give the same bytes.

    Args:
        parts: notes of each stem, in any order.
        title: stands over the first bar.
        notation: what the musician says about the music; it is written exactly so.
        instruments: what is heard, as far as the musician said so.
        report: told how far the work is, and what was found.

    Raises:
        NoNotesError: there is nothing to write.
    """
    # In one order, or notes struck as one would be written as they happen to come.
    pitched = {
        stem: sorted(note for note in parts.get(stem, ()) if note.pitch >= _LOWEST_PITCH)
        for stem in SCORE_ORDER
    }
    heard = [(stem, notes) for stem, notes in pitched.items() if notes]
    if not heard:
        message = "No pitched notes were found: choose a section of the recording with a melody."
        raise NoNotesError(message)
    report(0.0, "Finding the beat")
    names = [*notation.instrument_names, *[""] * (len(heard) + 1)]
    players = [
        (_named(choose_instrument(stem, notes, instruments), name), notes)
        for (stem, notes), name in zip(heard, names, strict=False)
    ]
    grid = _find_grid(players, notation)
    tempo_bpm = notation.tempo_bpm or _rounded_tempo(grid)
    report(0.5, f"Found {grid.meter.name} at {tempo_bpm:g} bpm, sharing out the hands")
    drums = DrumLine(parts.get(Stem.DRUMS, ()), grid)
    written = [assign_staves(grid.place(notes), player, grid) for player, notes in players]
    every_note = sorted(
        {note for notes in written for note in notes}, key=lambda n: (n.onset, n.pitch, n.end)
    )
    bars = rule_bars(
        grid.meter,
        min(grid.first_onset, drums.first),
        max(drums.end, *(note.end for note in every_note)),
    )
    keys = (Key.parse(notation.key),) * len(bars) if notation.key else find_keys(every_note, bars)
    report(0.7, f"Found {grid.meter.name} at {tempo_bpm:g} bpm, {keys[0].name}")
    spellings = _spell_sections(every_note, bars, keys)
    laid_out = [
        lay_out(player, notes, bars, grid, spellings)
        for (player, _), notes in zip(players, written, strict=True)
    ]
    if drums:
        laid_out.append(drums.lay_out(bars, names[len(heard)]))
        players.append((laid_out[-1].instrument, drums.played))
    score = Score(
        title=title,
        meter=grid.meter,
        keys=keys,
        tempo_bpm=tempo_bpm,
        bars=bars,
        parts=tuple(laid_out),
        spellings=spellings,
        chords=find_chords(spellings, grid.meter) if notation.chord_symbols else (),
        swung=grid.swung,
    )
    report(0.9, f"Writing {len(bars)} bars")
    files = ScoreFiles(
        musicxml=write_musicxml(score),
        midi=write_score_midi(score, grid, steady=notation.tempo_bpm is not None),
        performance_midi=write_performance_midi(players),
        playback=encode(time_score(score, grid)),
    )
    report(1.0, f"Wrote {len(bars)} bars in {grid.meter.name}, {keys[0].name}")
    return files


def _named(instrument: Instrument, name: str) -> Instrument:
    return replace(instrument, name=name.strip()) if name.strip() else instrument


def _spell_sections(
    notes: Sequence[ScoreNote], bars: Sequence[Bar], keys: Sequence[Key]
) -> dict[ScoreNote, Spelling]:
    """Name the notes of each key's bars by themselves."""
    starts = [bar.start for bar in bars]
    spellings: dict[ScoreNote, Spelling] = {}
    for key, section in groupby(notes, lambda n: keys[bisect_right(starts, n.onset) - 1]):
        named = list(section)
        spellings |= zip(named, spell(named, key), strict=True)
    return spellings


def _find_grid(
    players: Sequence[tuple[Instrument, Sequence[Note]]], notation: NotationOptions
) -> Grid:
    events = group_chords([note for _, notes in players for note in notes])
    asked = Meter.parse(notation.time_signature) if notation.time_signature else None
    track = follow_beat(events, asked, notation.tempo_bpm, swung=notation.swing)
    starts_s = np.array([min(note.onset_s for note in event.notes) for event in events])
    followed = Grid(track, Divisions(), starts_s)
    staves = [
        staff for player, notes in players for staff in share_out(followed.place(notes), player)
    ]
    return Grid(*quantize(track, staves), starts_s)


def _rounded_tempo(grid: Grid) -> float:
    """Beats of the metre in a minute, as a metronome shows them."""
    return float(round(60.0 / grid.quarter_s * TICKS_PER_QUARTER / grid.meter.beat_ticks))
