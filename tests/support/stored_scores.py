"""A real score in storage, with the sound that it was made from, as a finished job leaves it."""

import tempfile
from pathlib import Path

from performances import play, write
from sounds import plucked, study

from scorewire.audio import Audio
from scorewire.blobs import Blobs
from scorewire.jobs.options import Stem
from scorewire.jobs.results import RECORDING, stem_kind
from scorewire.media.flac import write_flac
from scorewire.music.notes import Note

STEMS = (Stem.PIANO, Stem.BASS)


def heard() -> dict[Stem, list[Note]]:
    """What was transcribed: a line of quavers, and crotchets in the bass."""
    line = [Note(onset_s, onset_s + length_s, pitch, 80) for onset_s, length_s, pitch in study(1)]
    return {Stem.PIANO: line, Stem.BASS: play([(beat, 1, 40) for beat in range(6)])}


def store_score(blobs: Blobs, *, separated: bool = True, **asked: object) -> dict[str, str]:
    """Write a score of two parts in C major and keep it; returns a job's result."""
    files = write(heard(), key="C major", time_signature="3/4", **asked)
    made = {
        "musicxml": ("scores/x.musicxml", files.musicxml),
        "midi": ("scores/x.mid", files.midi),
        "performance_midi": ("scores/x.performance.mid", files.performance_midi),
        "playback": ("scores/x.playback.json", files.playback),
        RECORDING: ("audio/x.flac", flac(plucked(study(1)))),
    }
    if separated:
        made |= {
            stem_kind(stem): (f"stems/{stem}.flac", flac(plucked(study(2 + number))))
            for number, stem in enumerate(STEMS)
        }
    for key, content in made.values():
        blobs.put_bytes(key, content)
    return {kind: key for kind, (key, _) in made.items()}


def flac(audio: Audio) -> bytes:
    """Audio as a FLAC file's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio.flac"
        write_flac(audio, path)
        return path.read_bytes()
