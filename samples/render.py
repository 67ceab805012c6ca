"""Renders the sample recording: our own encoding of a piece, played by FluidSynth.

    python samples/render.py

needs FluidSynth and the sound font FluidR3_GM (Debian: `fluidsynth fluid-soundfont-gm`). The piece
is written below as two lines of `pitch:length` in quarters; the performance breathes a little
(seeded), as a person's would.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile

HERE = Path(__file__).parent
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SAMPLE_RATE_HZ = 44_100
TEMPO_BPM = 112
SEED = 1725
TICKS_PER_SECOND = 1000
SILENCE = 1e-3

RIGHT_HAND = """
D5:1 G4:.5 A4:.5 B4:.5 C5:.5 | D5:1 G4:1 G4:1 |
E5:1 C5:.5 D5:.5 E5:.5 F#5:.5 | G5:1 G4:1 G4:1 |
C5:1 D5:.5 C5:.5 B4:.5 A4:.5 | B4:1 C5:.5 B4:.5 A4:.5 G4:.5 |
F#4:1 G4:.5 A4:.5 B4:.5 G4:.5 | A4:3 |
D5:1 G4:.5 A4:.5 B4:.5 C5:.5 | D5:1 G4:1 G4:1 |
E5:1 C5:.5 D5:.5 E5:.5 F#5:.5 | G5:1 G4:1 G4:1 |
C5:1 D5:.5 C5:.5 B4:.5 A4:.5 | B4:1 C5:.5 B4:.5 A4:.5 G4:.5 |
A4:1 B4:.5 A4:.5 G4:.5 F#4:.5 | G4:3 |
"""
LEFT_HAND = """
G3+B3+D4:2 A3:1 | B3:3 |
C4:3 | B3:3 |
A3:3 | G3:3 |
D4:1 B3:1 G3:1 | D4:1 D3:.5 C4:.5 B3:.5 A3:.5 |
B3:2 A3:1 | G3:1 B3:1 G3:1 |
C4:3 | B3:1 C4:.5 B3:.5 A3:.5 G3:.5 |
A3:2 F#3:1 | G3:2 B3:1 |
C4:1 D4:1 D3:1 | G3:2 G2:1 |
"""
"""Christian Petzold, Menuet in G (BWV Anh. 114), bars 1-16."""

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def read_line(text: str) -> list[tuple[float, float, int]]:
    """Notes of one hand: (start, length) in quarters and MIDI pitch."""
    notes, start = [], 0.0
    for token in text.replace("|", " ").split():
        names, length = token.split(":")
        for name in names.split("+"):
            pitch = 12 * (int(name[-1]) + 1) + SEMITONES[name[0]] + name.count("#")
            notes.append((start, float(length), pitch))
        start += float(length)
    return notes


def perform() -> mido.MidiFile:
    """Play both hands with slightly uneven beats, a touch of spread and a slower end."""
    rng = np.random.default_rng(SEED)
    hands = [(read_line(RIGHT_HAND), 82), (read_line(LEFT_HAND), 66)]
    beats = int(max(start + length for notes, _ in hands for start, length, _ in notes))
    lengths_s = 60 / TEMPO_BPM * np.exp(rng.normal(0, 0.02, beats))
    lengths_s[-3:] *= (1.08, 1.15, 1.25)
    beat_times_s = 0.4 + np.concatenate([[0.0], np.cumsum(lengths_s)])
    timed = []
    for notes, loudness in hands:
        for start, length, pitch in notes:
            span_s = np.interp([start, start + length * 0.92], np.arange(beats + 1), beat_times_s)
            onset_s, offset_s = span_s + rng.normal(0, 0.006)
            accent = 8 if start % 3 == 0 else 0
            velocity = int(np.clip(loudness + accent + rng.normal(0, 4), 1, 127))
            timed.append((onset_s, mido.Message("note_on", note=pitch, velocity=velocity)))
            timed.append((offset_s, mido.Message("note_off", note=pitch)))
    timed.sort(key=lambda item: item[0])
    file = mido.MidiFile(ticks_per_beat=TICKS_PER_SECOND // 2)  # 120 quarters a minute
    track = mido.MidiTrack([mido.Message("program_change", program=0)])
    now = 0
    for time_s, message in timed:
        tick = round(time_s * TICKS_PER_SECOND)
        track.append(message.copy(time=tick - now))
        now = tick
    file.tracks.append(track)
    return file


def render(target: Path, sound_font: Path) -> None:
    """Write the recording as Ogg Vorbis."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        perform().save(midi)
        command = ["fluidsynth", "-ni", "-g", "1.6", "-r", str(SAMPLE_RATE_HZ), "-F", str(wav)]
        subprocess.run(  # noqa: S603 - a fixed program; the only argument is the caller's own path
            [*command, str(sound_font), str(midi)], check=True, capture_output=True
        )
        samples, rate_hz = soundfile.read(wav)
    last = int(np.flatnonzero(np.abs(samples).max(axis=1) > SILENCE)[-1])
    # A long block in one call crashes some builds of libsndfile's Vorbis encoder.
    with soundfile.SoundFile(target, "w", rate_hz, 2, format="OGG", subtype="VORBIS") as file:
        for block in np.array_split(samples[: last + rate_hz // 4], 200):
            file.write(block)


def main() -> None:
    """Render to the folder of this script."""
    parser = argparse.ArgumentParser(description="Render the sample recording.")
    parser.add_argument("--sound-font", type=Path, default=SOUND_FONT)
    parser.add_argument("--out", type=Path, default=HERE / "petzold-menuet.ogg")
    arguments = parser.parse_args()
    render(arguments.out, arguments.sound_font)


if __name__ == "__main__":
    main()
