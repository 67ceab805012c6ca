/** Bars that are repeated until told otherwise, in score time. */
export interface Loop {
  from_s: number;
  to_s: number;
}

/** A stretch of the score without a jump, and the clock's time at which it begins. */
export interface Stretch {
  from_s: number;
  to_s: number;
  at_s: number;
}

/**
 * Which place of the score is due at which time of a steady clock (the sound card's).
 *
 * A value: where speed, loop or place change, a new one takes over. So there is no drift to correct.
 */
export class ScoreClock {
  constructor(
    /** The clock's time at which `start_s` is due. */
    readonly anchor_s: number,
    readonly start_s: number,
    /** Score seconds in a second: 0.5 is half as fast. */
    readonly rate: number,
    readonly loop: Loop | null = null,
  ) {}

  /** The place that is due at a time. */
  position(at_s: number): number {
    const unrolled_s = this.start_s + Math.max(0, at_s - this.anchor_s) * this.rate;
    if (!this.#loops() || unrolled_s < this.#end_s()) return unrolled_s;
    return this.#from_s() + ((unrolled_s - this.#end_s()) % this.#length_s());
  }

  /** What is played between two times, in order: more than one stretch where the loop jumps back. */
  stretches(from_s: number, to_s: number): Stretch[] {
    const stretches: Stretch[] = [];
    let at_s = Math.max(from_s, this.anchor_s);
    while (at_s < to_s) {
      const start_s = this.position(at_s);
      const wanted_s = start_s + (to_s - at_s) * this.rate;
      const end_s = this.#loops() ? Math.min(wanted_s, this.#end_s()) : wanted_s;
      stretches.push({ from_s: start_s, to_s: end_s, at_s });
      if (end_s >= wanted_s) break;
      at_s += Math.max((end_s - start_s) / this.rate, 1e-6);
    }
    return stretches;
  }

  /** A start after the loop plays on to the end, as a person who clicked there wants. */
  #loops(): boolean {
    return this.loop !== null && this.start_s < this.loop.to_s && this.#length_s() > 1e-3;
  }

  #from_s(): number {
    return this.loop?.from_s ?? 0;
  }

  #end_s(): number {
    return this.loop?.to_s ?? Number.POSITIVE_INFINITY;
  }

  #length_s(): number {
    return this.#end_s() - this.#from_s();
  }
}
