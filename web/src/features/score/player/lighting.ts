import { lastNotAfter } from "./timeline";

/** A note and when it is lit, in score time. */
export interface Span {
  id: string;
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
      if (span.to_s > position_s) lit.add(span.id);
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
