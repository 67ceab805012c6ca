"""Standard MIDI files: the score as written, and the notes as they were played."""

import io
from collections.abc import Iterable, Sequence

import mido

from scorewire.music.grid import Grid
from scorewire.music.instruments import Instrument
from scorewire.music.layout import Score
from scorewire.music.meter import TICKS_PER_QUARTER
from scorewire.music.notes import Note

_SCORE_TICKS = 480
_PERFORMANCE_TICKS = 1000
_PERFORMANCE_TEMPO_US = 500_000
"""At 120 quarters a minute a tick lasts half a millisecond."""

_MICROSECONDS = 1_000_000
_LONGEST_QUARTER_US = 2**24 - 1
_DRUM_CHANNEL = 9
_CHANNELS = 15


def write_score_midi(score: Score, grid: Grid, *, steady: bool) -> bytes:
    """Encode the score with one track for every part; swung eighths sound long and short.

    Args:
        score: the score.
        grid: when its bars were played.
        steady: play at the score's tempo throughout, not at each bar's own.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=_SCORE_TICKS, charset="utf-8")
    scale = _SCORE_TICKS // TICKS_PER_QUARTER
    origin = score.bars[0].start
    file.tracks.append(_conductor(score, grid, scale, steady=steady))
    for index, part in enumerate(score.parts):
        place = score.sounding(part)
        notes = [
            (
                round((place(n.onset) - origin) * scale),
                round((place(n.end) - origin) * scale),
                n.pitch,
                n.velocity,
            )
            for n in part.notes
        ]
        file.tracks.append(_track(part.instrument, index, notes))
    return _bytes(file)


def write_performance_midi(parts: Sequence[tuple[Instrument, Sequence[Note]]]) -> bytes:
    """Encode notes at the times they were played, to half a millisecond.

    Args:
        parts: who played which notes; a track for each.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=_PERFORMANCE_TICKS, charset="utf-8")
    tempo = mido.MetaMessage("set_tempo", tempo=_PERFORMANCE_TEMPO_US, time=0)
    file.tracks.append(mido.MidiTrack([tempo, mido.MetaMessage("end_of_track", time=0)]))
    per_second = _PERFORMANCE_TICKS * _MICROSECONDS / _PERFORMANCE_TEMPO_US
    for index, (player, played) in enumerate(parts):
        notes = [
            (round(n.onset_s * per_second), round(n.offset_s * per_second), n.pitch, n.velocity)
            for n in played
        ]
        file.tracks.append(_track(player, index, notes))
    return _bytes(file)


def _conductor(score: Score, grid: Grid, scale: int, *, steady: bool) -> mido.MidiTrack:
    meter = score.meter
    origin = score.bars[0].start
    timed = [
        (0, mido.MetaMessage("track_name", name=score.title)),
        (
            0,
            mido.MetaMessage(
                "time_signature", numerator=meter.numerator, denominator=meter.denominator
            ),
        ),
    ]
    for bar, key in score.key_changes():
        name = key.tonic + ("m" if key.mode == "minor" else "")
        timed.append(((bar.start - origin) * scale, mido.MetaMessage("key_signature", key=name)))
    written_us = round(60 * _MICROSECONDS / score.tempo_bpm * TICKS_PER_QUARTER / meter.beat_ticks)
    for bar in score.bars[:1] if steady else score.bars:
        quarters = (bar.end - bar.start) / TICKS_PER_QUARTER
        played_us = (grid.time_of(bar.end) - grid.time_of(bar.start)) * _MICROSECONDS / quarters
        tempo_us = written_us if steady else min(max(1, round(played_us)), _LONGEST_QUARTER_US)
        message = mido.MetaMessage("set_tempo", tempo=tempo_us)
        timed.append(((bar.start - origin) * scale, message))
    return _sequence(sorted(timed, key=lambda item: item[0]))


def _channel(player: Instrument, index: int) -> int:
    if player.percussion:
        return _DRUM_CHANNEL
    channel = index % _CHANNELS
    return channel + (channel >= _DRUM_CHANNEL)


def _track(
    player: Instrument, index: int, notes: Iterable[tuple[int, int, int, int]]
) -> mido.MidiTrack:
    """A track of (start, end, pitch, velocity) in ticks, at its place among the parts."""
    channel = _channel(player, index)
    timed = []
    for start, end, pitch, velocity in notes:
        on = mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)
        off = mido.Message("note_off", channel=channel, note=pitch, velocity=0)
        timed += [(start, on), (max(end, start + 1), off)]
    # A string that is struck again is let go first.
    timed.sort(key=lambda item: (item[0], item[1].type == "note_on", item[1].note))
    head = [
        (0, mido.MetaMessage("track_name", name=player.name)),
        (0, mido.Message("program_change", channel=channel, program=player.program)),
    ]
    return _sequence([*head, *timed])


def _sequence(timed: Sequence[tuple[int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    track = mido.MidiTrack()
    now = 0
    for tick, message in timed:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    return track


def _bytes(file: mido.MidiFile) -> bytes:
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()
