/** Which parts are heard: a solo silences all others, a mute silences its own part even then. */
export class Mixer {
  constructor(
    readonly muted: ReadonlySet<number> = new Set(),
    readonly solo: ReadonlySet<number> = new Set(),
  ) {}

  /** Whether a part is heard. */
  audible(part: number): boolean {
    return !this.muted.has(part) && (this.solo.size === 0 || this.solo.has(part));
  }

  toggleMute(part: number): Mixer {
    return new Mixer(toggled(this.muted, part), this.solo);
  }

  toggleSolo(part: number): Mixer {
    return new Mixer(this.muted, toggled(this.solo, part));
  }
}

function toggled(parts: ReadonlySet<number>, part: number): ReadonlySet<number> {
  const result = new Set(parts);
  if (!result.delete(part)) result.add(part);
  return result;
}
