import type { ScoreClock } from "./clock";
import type { PlaybackNote } from "./playback";
import { lastNotAfter } from "./timeline";

/** Plays notes at times of the sound card's clock. */
export interface Instrument {
  noteOn(part: number, pitch: number, velocity: number, at_s: number): void;
  noteOff(part: number, pitch: number, at_s: number): void;
}

interface Due {
  part: number;
  pitch: number;
  at_s: number;
}

/**
 * Hands an instrument the notes of the next moment, in the order of time.
 *
 * Only a moment ahead, ends as well as beginnings: so somebody may change speed, loop or place at any
 * time.
 */
export class NoteScheduler {
  readonly #notes: PlaybackNote[];
  readonly #onsets_s: number[];
  #clock: ScoreClock | null = null;
  #scheduledTo_s = 0;
  #ends: Due[] = [];

  constructor(
    notes: readonly PlaybackNote[],
    private readonly instrument: Instrument,
  ) {
    this.#notes = withoutOverlaps(notes);
    this.#onsets_s = this.#notes.map((note) => note.onset_s);
  }

  /** Begin where a clock says; what was not handed over yet is forgotten. */
  start(clock: ScoreClock): void {
    this.#clock = clock;
    this.#scheduledTo_s = clock.anchor_s;
    this.#ends = [];
  }

  /** Hand over all that is due before a time. */
  advance(until_s: number): void {
    if (this.#clock === null || until_s <= this.#scheduledTo_s) return;
    const clock = this.#clock;
    for (const stretch of clock.stretches(this.#scheduledTo_s, until_s)) {
      const first = lastNotAfter(this.#onsets_s, stretch.from_s - 1e-9) + 1;
      for (let index = first; index < this.#notes.length; index += 1) {
        const note = this.#notes[index] as PlaybackNote;
        if (note.onset_s >= stretch.to_s - 1e-9) break;
        const at_s = stretch.at_s + (note.onset_s - stretch.from_s) / clock.rate;
        this.#endBefore(at_s);
        this.instrument.noteOn(note.part, note.pitch, note.velocity, at_s);
        this.#expectEnd(note, at_s, clock);
      }
    }
    this.#endBefore(until_s);
    this.#scheduledTo_s = until_s;
  }

  #expectEnd(note: PlaybackNote, at_s: number, clock: ScoreClock): void {
    const loopEnd_s = clock.loop?.to_s ?? Number.POSITIVE_INFINITY;
    const cut = note.onset_s < loopEnd_s && clock.start_s < loopEnd_s;
    const end_s = cut
      ? Math.min(note.onset_s + note.duration_s, loopEnd_s)
      : note.onset_s + note.duration_s;
    const length_s = (end_s - note.onset_s) / clock.rate;
    this.#ends.push({ part: note.part, pitch: note.pitch, at_s: at_s + length_s });
    this.#ends.sort((a, b) => a.at_s - b.at_s);
  }

  /** An end that falls together with a beginning comes first, or it would silence that note. */
  #endBefore(until_s: number): void {
    while ((this.#ends[0]?.at_s ?? Number.POSITIVE_INFINITY) <= until_s + 1e-6) {
      const end = this.#ends.shift() as Due;
      this.instrument.noteOff(end.part, end.pitch, end.at_s);
    }
  }
}

/** A key of a keyboard sounds once at a time: a note ends where the same key is struck again. */
function withoutOverlaps(notes: readonly PlaybackNote[]): PlaybackNote[] {
  const sorted = notes.map((note) => ({ ...note })).sort((a, b) => a.onset_s - b.onset_s);
  const sounding = new Map<string, PlaybackNote>();
  const kept: PlaybackNote[] = [];
  for (const note of sorted) {
    const key = `${note.part} ${note.pitch}`;
    const before = sounding.get(key);
    if (before !== undefined && note.onset_s - before.onset_s < 1e-6) {
      before.duration_s = Math.max(before.duration_s, note.duration_s);
      continue;
    }
    if (before !== undefined) {
      before.duration_s = Math.min(before.duration_s, note.onset_s - before.onset_s);
    }
    sounding.set(key, note);
    kept.push(note);
  }
  return kept;
}
