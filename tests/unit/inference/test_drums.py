"""Drums that are rendered, heard again."""

from collections.abc import Iterable

import numpy as np
import pytest
from sounds import band, drummed, plucked, study, tone

from scorewire.audio import Audio
from scorewire.inference.drums import hear_drums
from scorewire.jobs.options import Stem
from scorewire.music.drumset import CLOSED_HI_HAT, KICK, OPEN_HI_HAT, SNARE
from scorewire.music.notes import Note

BEAT_S = 0.55
NEAR_S = 0.05

BASIC = [(0, KICK), (1, SNARE), (2, KICK), (2.5, KICK), (3, SNARE)]
EIGHTHS = [(eighth / 2, CLOSED_HI_HAT) for eighth in range(8)]
OFF_BEATS = [(beat + 0.5, CLOSED_HI_HAT) for beat in range(4)]
DISCO = [*((beat, KICK) for beat in range(4)), (1, SNARE), (3, SNARE), *OFF_BEATS]


def strokes(pattern: Iterable[tuple[float, int]], *, bars: int = 6) -> list[tuple[float, int]]:
    """A bar of strokes, at beats, played several times: at seconds, as by a person."""
    random = np.random.default_rng(1)
    return [
        (0.4 + (4 * bar + beat) * BEAT_S + random.normal(0, 0.006), sound)
        for bar in range(bars)
        for beat, sound in pattern
    ]


def f1(played: list[tuple[float, int]], heard: list[Note], sound: int) -> float:
    """How many strokes of a drum were found within 50 ms, against missed and invented ones."""
    expected = sorted(onset_s for onset_s, drum in played if drum == sound)
    found = [note.onset_s for note in heard if note.pitch == sound]
    left, hits = list(found), 0
    for onset_s in expected:
        near = [other for other in left if abs(other - onset_s) <= NEAR_S]
        if near:
            left.remove(near[0])
            hits += 1
    return 2 * hits / max(len(expected) + len(found), 1)


@pytest.mark.parametrize(
    "pattern", [BASIC + EIGHTHS, BASIC + OFF_BEATS, DISCO], ids=["rock", "off-beats", "disco"]
)
def test_kick_snare_and_hi_hat_are_found(pattern: list[tuple[float, int]]) -> None:
    """Alone and struck together: F1 of each is at least 0.9."""
    played = strokes(pattern)
    heard = hear_drums(drummed(played))
    for sound in (KICK, SNARE, CLOSED_HI_HAT):
        assert f1(played, heard, sound) >= 0.9
    assert heard == sorted(heard)


def test_a_leaking_melody_changes_little() -> None:
    """What separation leaves of the others, 15 dB under the drums, is not taken for strokes."""
    played = strokes(BASIC + EIGHTHS)
    drums = drummed(played).samples
    melody = np.resize(plucked(study(3, length=60)).samples, drums.shape)
    leak = melody * np.sqrt(np.mean(drums**2) / np.mean(melody**2)) * 10 ** (-15 / 20)
    heard = hear_drums(Audio((drums + leak).astype(np.float32)))
    for sound in (KICK, SNARE, CLOSED_HI_HAT):
        assert f1(played, heard, sound) >= 0.9


def test_an_open_hi_hat_rings() -> None:
    """The last hi-hat of each bar is open, and the others are closed."""
    pattern = [*BASIC, *EIGHTHS[:-1], (3.5, OPEN_HI_HAT)]
    played = strokes(pattern)
    heard = hear_drums(drummed(played))
    assert f1(played, heard, OPEN_HI_HAT) >= 0.9
    assert f1(played, heard, CLOSED_HI_HAT) >= 0.9


def test_louder_strokes_are_faster() -> None:
    """Velocities follow how hard each drum was struck, and are MIDI's."""
    loud = drummed(strokes(BASIC + OFF_BEATS, bars=3))
    both = np.concatenate([loud.samples, loud.samples * np.float32(0.5)], axis=1)
    heard = hear_drums(Audio(both))
    for sound in (KICK, SNARE):
        louder, softer = (
            [
                n.velocity
                for n in heard
                if n.pitch == sound and (n.onset_s > loud.duration_s) == late
            ]
            for late in (False, True)
        )
        assert min(louder) > max(softer)
    assert all(1 <= note.velocity <= 127 for note in heard)


@pytest.mark.parametrize(
    "audio",
    [
        Audio(np.zeros((2, 88_200), np.float32)),
        Audio(np.zeros((2, 0), np.float32)),
        Audio(np.random.default_rng(0).normal(0, 0.1, (2, 441_000)).astype(np.float32)),
        tone(3.0),
    ],
    ids=["silence", "nothing", "noise", "tone"],
)
def test_what_goes_on_has_no_strokes(audio: Audio) -> None:
    """Silence, noise and a tone are not drums."""
    assert hear_drums(audio) == []


def test_a_melody_is_not_drums() -> None:
    """Plucked notes, and the pitched players of a band, give next to nothing."""
    players = band(bpm=100)
    for stem in (Stem.VOCALS, Stem.OTHER, Stem.BASS):
        assert len(hear_drums(players[stem])) <= 2
    assert len(hear_drums(plucked(study(1, length=40)))) <= 2
