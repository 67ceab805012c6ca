"""What a player needs of a score: when each notehead sounds, in the score and in the recording.

The score's own time runs at the written tempo. The recording's goes from beat to beat as it was
played, so that the recording itself can be heard in step with the page.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from scorewire.music.grid import Grid
from scorewire.music.key import Key
from scorewire.music.layout import Score, name_noteheads

if TYPE_CHECKING:
    from scorewire.music.notes import ScoreNote

_LOWEST_PITCH, _HIGHEST_PITCH = 0, 127

OnsetS = Annotated[float, Meta(description="When it comes at the written tempo, in seconds.")]
RecordingOnsetS = Annotated[
    float, Meta(description="When it comes in the recording, in seconds from its start.")
]


class PlaybackPart(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument of the score."""

    name: Annotated[str, Meta(description="What stands before its first staff.")]
    midi_program: Annotated[int, Meta(ge=0, le=127, description="General MIDI program, from 0.")]
    percussion: Annotated[bool, Meta(description="Whether it plays the drum map.")] = False


class PlaybackNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note as it sounds; where it is tied, all of its noteheads together."""

    id: Annotated[str, Meta(description="Of its first notehead, in the SVG as in MusicXML.")]
    tied_ids: Annotated[
        tuple[str, ...], Meta(description="Of the noteheads that are tied to the first.")
    ]
    part: Annotated[int, Meta(ge=0, description="Its part's place in `parts`, from 0.")]
    pitch: Annotated[int, Meta(ge=0, le=127, description="MIDI note number.")]
    velocity: Annotated[int, Meta(ge=1, le=127, description="MIDI velocity.")]
    onset_s: OnsetS
    duration_s: Annotated[float, Meta(description="Its length at the written tempo.")]
    recording_onset_s: RecordingOnsetS
    recording_duration_s: Annotated[
        float, Meta(description="How long its written length lasts in the recording.")
    ]


class PlaybackBar(msgspec.Struct, frozen=True, kw_only=True):
    """A bar line."""

    number: Annotated[int, Meta(ge=0, description="The bar's number; 0 is a pickup.")]
    onset_s: OnsetS
    recording_onset_s: RecordingOnsetS


class PlaybackBeat(msgspec.Struct, frozen=True, kw_only=True):
    """A beat of the metre."""

    number: Annotated[int, Meta(ge=1, description="Its number in the bar, from 1.")]
    bar: Annotated[int, Meta(ge=0, description="The number of its bar.")]
    onset_s: OnsetS
    recording_onset_s: RecordingOnsetS


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """When everything on the page sounds."""

    duration_s: Annotated[float, Meta(description="Length of the score at the written tempo.")]
    parts: Annotated[tuple[PlaybackPart, ...], Meta(description="From the top of the page.")]
    notes: Annotated[tuple[PlaybackNote, ...], Meta(description="In order of their onset.")]
    bars: Annotated[tuple[PlaybackBar, ...], Meta(description="All bars, in order.")]
    beats: Annotated[tuple[PlaybackBeat, ...], Meta(description="All beats, in order.")]
    tempo_bpm: Annotated[float, Meta(description="Beats of the metre in a minute, as written.")]
    metre: Annotated[str, Meta(description="The time signature.", examples=["3/4"])]
    key: Annotated[
        str, Meta(description="The key; where it changes, the first.", examples=["G major"])
    ]
    chord_symbols: Annotated[
        bool, Meta(description="Whether chords are named over the top staff.")
    ] = False
    swung: Annotated[
        bool,
        Meta(description="Whether eighths are swung: written straight, they sound long and short."),
    ] = False


def time_score(score: Score, grid: Grid) -> Playback:
    """Say when everything on the page sounds.

    Args:
        score: the page.
        grid: when its beats were played.
    """
    clock = _Clock(score, grid)
    notes = sorted(_notes(score, clock), key=lambda note: (note.onset_s, note.part, note.pitch))
    return Playback(
        duration_s=clock.written_s(score.bars[-1].end),
        parts=tuple(
            PlaybackPart(
                name=part.instrument.name,
                midi_program=part.instrument.program,
                percussion=part.instrument.percussion,
            )
            for part in score.parts
        ),
        notes=tuple(notes),
        bars=tuple(
            PlaybackBar(
                number=bar.number,
                onset_s=clock.written_s(bar.start),
                recording_onset_s=clock.played_s(bar.start),
            )
            for bar in score.bars
        ),
        beats=tuple(_beats(score, clock)),
        tempo_bpm=score.tempo_bpm,
        metre=score.meter.name,
        key=score.keys[0].name,
        chord_symbols=bool(score.chords),
        swung=score.swung,
    )


def transpose(playback: Playback, semitones: int) -> Playback:
    """Move every pitch but drums, as far as MIDI goes, and the key."""
    if semitones == 0:
        return playback
    tonic, mode = playback.key.split(" ")
    notes = tuple(
        note
        if playback.parts[note.part].percussion
        else msgspec.structs.replace(
            note, pitch=min(max(note.pitch + semitones, _LOWEST_PITCH), _HIGHEST_PITCH)
        )
        for note in playback.notes
    )
    key = Key(tonic, mode).transposed(semitones).name
    return msgspec.structs.replace(playback, notes=notes, key=key)


class _Clock:
    """Seconds of a tick where something sounds, rounded to what is worth sending."""

    def __init__(self, score: Score, grid: Grid) -> None:
        self._origin = score.bars[0].start
        self._tick_s = 60.0 / score.tempo_bpm / score.meter.beat_ticks
        self._grid = grid

    def written_s(self, tick: float) -> float:
        return round((tick - self._origin) * self._tick_s, 4)

    def played_s(self, tick: float) -> float:
        # A first bar may begin before the recording does.
        return round(max(self._grid.time_of(tick), 0.0), 4)


def _notes(score: Score, clock: _Clock) -> Iterator[PlaybackNote]:
    for index, part in enumerate(score.parts):
        place = score.sounding(part)
        ids: dict[ScoreNote, list[tuple[int, str]]] = {}
        for (tick, note), name in name_noteheads(part, index + 1).items():
            ids.setdefault(note, []).append((tick, name))
        for note, heads in ids.items():
            first, *tied = (name for _, name in sorted(heads))
            onset, end = place(note.onset), place(note.end)
            onset_s, recording_onset_s = clock.written_s(onset), clock.played_s(onset)
            yield PlaybackNote(
                id=first,
                tied_ids=tuple(tied),
                part=index,
                pitch=note.pitch,
                velocity=note.velocity,
                onset_s=onset_s,
                duration_s=round(clock.written_s(end) - onset_s, 4),
                recording_onset_s=recording_onset_s,
                recording_duration_s=round(clock.played_s(end) - recording_onset_s, 4),
            )


def _beats(score: Score, clock: _Clock) -> Iterator[PlaybackBeat]:
    length = score.meter.beat_ticks
    for bar in score.bars:
        # A pickup has the last beats of a bar, whose line stands before its first note.
        line = bar.end - score.meter.bar_ticks
        for number, tick in enumerate(range(line, bar.end, length), start=1):
            if tick >= bar.start:
                yield PlaybackBeat(
                    number=number,
                    bar=bar.number,
                    onset_s=clock.written_s(tick),
                    recording_onset_s=clock.played_s(tick),
                )


def encode(playback: Playback) -> bytes:
    """Write it as JSON, to be kept beside the score."""
    return msgspec.json.encode(playback)


def decode(content: bytes) -> Playback:
    """Read what `encode` wrote."""
    return msgspec.json.decode(content, type=Playback)
