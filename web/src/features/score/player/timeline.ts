import type { Moment, PlaybackBar } from "./playback";

/** Index of the last element that is not after `value`; -1 where all are. */
export function lastNotAfter(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What of a score the timeline needs. */
interface Score {
  duration_s: number;
  bars: readonly PlaybackBar[];
  beats: readonly Moment[];
}

/**
 * Where things are in score time, and what second of the recording that is.
 *
 * Players speed up and slow down, the written tempo does not: between two beats both run evenly, so
 * the way from one to the other is piecewise linear. Before the first beat and after the last, the
 * pace of the nearest two goes on.
 */
export class Timeline {
  readonly duration_s: number;
  readonly bars: readonly PlaybackBar[];
  readonly #barOnsets_s: number[];
  readonly #score_s: number[] = [];
  readonly #recording_s: number[] = [];

  constructor(playback: Score) {
    this.duration_s = playback.duration_s;
    this.bars = [...playback.bars].sort((a, b) => a.onset_s - b.onset_s);
    this.#barOnsets_s = this.bars.map((bar) => bar.onset_s);
    for (const knot of knots([...playback.beats, ...playback.bars])) {
      this.#score_s.push(knot.onset_s);
      this.#recording_s.push(knot.recording_onset_s);
    }
  }

  /** The second of the recording at which a place of the score is heard. */
  toRecording(score_s: number): number {
    return interpolate(this.#score_s, this.#recording_s, score_s);
  }

  /** The place of the score that is heard at a second of the recording. */
  toScore(recording_s: number): number {
    return interpolate(this.#recording_s, this.#score_s, recording_s);
  }

  /** Index of the bar that a place is in; 0 for what is before the first. */
  barAt(score_s: number): number {
    // A bar's onset is a sum of rounded numbers: a hair before it is in it.
    return Math.max(0, lastNotAfter(this.#barOnsets_s, score_s + 1e-4));
  }

  /** Where a bar begins; indices outside the score are brought into it. */
  barStart(index: number): number {
    const last = this.#barOnsets_s.length - 1;
    return this.#barOnsets_s[Math.min(Math.max(index, 0), last)] ?? 0;
  }

  /** Where a bar ends: at the next one's beginning, the last with the score. */
  barEnd(index: number): number {
    return index + 1 < this.#barOnsets_s.length ? this.barStart(index + 1) : this.duration_s;
  }
}

/** The moments that go forward on both axes, in order; others cannot be interpolated between. */
function knots(moments: Moment[]): Moment[] {
  const kept: Moment[] = [];
  for (const moment of moments.sort((a, b) => a.onset_s - b.onset_s)) {
    const last = kept.at(-1);
    const forward =
      last === undefined ||
      (moment.onset_s > last.onset_s && moment.recording_onset_s > last.recording_onset_s);
    if (forward) kept.push(moment);
  }
  return kept;
}

function interpolate(from: readonly number[], to: readonly number[], value: number): number {
  if (from.length === 0) return value;
  if (from.length === 1) return value - (from[0] as number) + (to[0] as number);
  const left = Math.min(Math.max(lastNotAfter(from, value), 0), from.length - 2);
  const [x0, x1] = [from[left] as number, from[left + 1] as number];
  const [y0, y1] = [to[left] as number, to[left + 1] as number];
  return y0 + ((value - x0) * (y1 - y0)) / (x1 - x0);
}
