import type { Playback } from "./playback";
import type { SourceName } from "./player";
import { lastNotAfter, type Timeline } from "./timeline";

/** The noteheads of a note and when they are lit, in score time. */
export interface Span {
  ids: readonly string[];
  from_s: number;
  to_s: number;
}

/** What to change on the page. */
export interface LightChange {
  on: string[];
  off: string[];
}

/** Which notes sound at a place, told as the difference to the last time it was asked. */
export class Lighting {
  readonly #spans: Span[];
  readonly #from_s: number[];
  readonly #longest_s: number;
  #lit = new Set<string>();

  constructor(spans: readonly Span[]) {
    this.#spans = [...spans].sort((a, b) => a.from_s - b.from_s);
    this.#from_s = this.#spans.map((span) => span.from_s);
    this.#longest_s = this.#spans.reduce(
      (most, span) => Math.max(most, span.to_s - span.from_s),
      0,
    );
  }

  /** The ids that are lit now. */
  get lit(): ReadonlySet<string> {
    return this.#lit;
  }

  /** Move to a place, forwards or backwards. */
  moveTo(position_s: number): LightChange {
    const lit = new Set<string>();
    const first = lastNotAfter(this.#from_s, position_s - this.#longest_s - 1e-6) + 1;
    for (let index = first; index < this.#spans.length; index += 1) {
      const span = this.#spans[index] as Span;
      if (span.from_s > position_s) break;
      if (span.to_s > position_s) for (const id of span.ids) lit.add(id);
    }
    return this.#changeTo(lit);
  }

  /** Put all lights out. */
  clear(): LightChange {
    return this.#changeTo(new Set());
  }

  #changeTo(lit: Set<string>): LightChange {
    const on = [...lit].filter((id) => !this.#lit.has(id));
    const off = [...this.#lit].filter((id) => !lit.has(id));
    this.#lit = lit;
    return { on, off };
  }
}

/** When each note is lit: as written, or where it sounds in the recording. */
export function spansOf(
  playback: Pick<Playback, "notes">,
  timeline: Timeline,
  source: SourceName,
): Span[] {
  return playback.notes.map((note) => {
    const ids = [note.id, ...note.tied_ids];
    if (source === "score") {
      return { ids, from_s: note.onset_s, to_s: note.onset_s + note.duration_s };
    }
    const end_s = note.recording_onset_s + note.recording_duration_s;
    return {
      ids,
      from_s: timeline.toScore(note.recording_onset_s),
      to_s: timeline.toScore(end_s),
    };
  });
}
