import type { Loop } from "./clock";
import { Mixer } from "./mixer";
import type { SoundSource, Start } from "./source";
import type { Timeline } from "./timeline";

export const SLOWEST_RATE = 0.25;
export const FASTEST_RATE = 1.5;

/** `score` is the synthesizer, `recording` what was transcribed. */
export type SourceName = "score" | "recording";

/** What the controls show. The place is told apart from it, sixty times a second. */
export interface PlayerState {
  status: "paused" | "loading" | "playing";
  source: SourceName;
  rate: number;
  loop: { from: number; to: number } | null;
  mixer: Mixer;
  transpose: number;
  bar: number;
  /** Why there is no sound, for people. */
  problem: string | null;
}

/** Calls back before the next frame is drawn. */
export interface Frames {
  request(callback: () => void): number;
  cancel(handle: number): void;
}

const browserFrames: Frames = {
  request: (callback) => requestAnimationFrame(callback),
  cancel: (handle) => cancelAnimationFrame(handle),
};

/** After its beginning, "the bar before" means this bar again for so long. */
const BACK_TO_SAME_BAR_S = 0.8;

/**
 * Play, pause, jump, loop: what the controls and keys do, over whichever source sounds.
 *
 * A class outside React, because the place changes with every frame and only the page's marks follow it.
 */
export class Player {
  #state: PlayerState = {
    status: "paused",
    source: "score",
    rate: 1,
    loop: null,
    mixer: new Mixer(),
    transpose: 0,
    bar: 0,
    problem: null,
  };
  #position_s = 0;
  #frame: number | null = null;
  #attempt = 0;
  readonly #watchers = new Set<() => void>();
  readonly #followers = new Set<(position_s: number) => void>();

  constructor(
    readonly timeline: Timeline,
    private readonly sources: Record<SourceName, SoundSource>,
    private readonly frames: Frames = browserFrames,
  ) {}

  /** For `useSyncExternalStore`. */
  readonly state = (): PlayerState => this.#state;

  /** For `useSyncExternalStore`. */
  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Be told the place, at once, with each frame and with each jump. */
  readonly follow = (follower: (position_s: number) => void): (() => void) => {
    this.#followers.add(follower);
    follower(this.#position_s);
    return () => this.#followers.delete(follower);
  };

  /** The place of the score that is heard, or where playing will go on. */
  get position_s(): number {
    return this.#position_s;
  }

  async play(): Promise<void> {
    if (this.#state.status !== "paused") return;
    if (this.#position_s >= this.timeline.duration_s - 0.01) this.#moveTo(0);
    const loop = this.#loop();
    if (loop !== null && this.#position_s >= loop.to_s) this.#moveTo(loop.from_s);
    await this.#sound();
  }

  pause(): void {
    this.#attempt += 1;
    if (this.#state.status === "playing") this.#moveTo(this.#heard_s());
    this.#stop();
    this.#change({ status: "paused" });
  }

  async toggle(): Promise<void> {
    if (this.#state.status === "paused") await this.play();
    else this.pause();
  }

  /** Jump to a place of the score, playing or not. */
  seek(position_s: number): void {
    this.#moveTo(Math.min(Math.max(position_s, 0), this.timeline.duration_s));
    this.#restart();
  }

  /** Jump by bars; one back, in the midst of a bar, is to its own beginning. */
  seekBars(bars: number): void {
    const bar = this.timeline.barAt(this.#position_s);
    const within_s = this.#position_s - this.timeline.barStart(bar);
    const same = bars < 0 && within_s > BACK_TO_SAME_BAR_S * this.#state.rate;
    this.seek(this.timeline.barStart(bar + bars + (same ? 1 : 0)));
  }

  setRate(rate: number): void {
    this.#keepPlace();
    this.#change({ rate: Math.min(Math.max(rate, SLOWEST_RATE), FASTEST_RATE) });
    this.#restart();
  }

  /** Repeat the bars from one index to another, both included; null plays on. */
  setLoop(loop: PlayerState["loop"]): void {
    this.#keepPlace();
    const last = Math.max(0, this.timeline.bars.length - 1);
    const within = (bar: number): number => Math.min(Math.max(Math.round(bar), 0), last);
    const ordered =
      loop === null
        ? null
        : {
            from: within(Math.min(loop.from, loop.to)),
            to: within(Math.max(loop.from, loop.to)),
          };
    this.#change({ loop: ordered });
    const bounds = this.#loop();
    if (bounds !== null && (this.#position_s < bounds.from_s || this.#position_s >= bounds.to_s)) {
      this.#moveTo(bounds.from_s);
    }
    this.#restart();
  }

  /** Sound by the synthesizer or by the recording; goes on where it is. */
  setSource(source: SourceName): void {
    if (source === this.#state.source) return;
    const sounded = this.#state.status !== "paused";
    this.pause();
    this.#change({ source, problem: null });
    if (sounded) void this.play();
  }

  toggleMute(part: number): void {
    this.#mix(this.#state.mixer.toggleMute(part));
  }

  toggleSolo(part: number): void {
    this.#mix(this.#state.mixer.toggleSolo(part));
  }

  setTranspose(semitones: number): void {
    this.#keepPlace();
    this.#change({ transpose: semitones });
    for (const source of Object.values(this.sources)) source.setTranspose(semitones);
    if (this.#state.source === "score") this.#restart();
  }

  dispose(): void {
    this.pause();
    for (const source of Object.values(this.sources)) source.dispose();
    this.#watchers.clear();
    this.#followers.clear();
  }

  async #sound(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const source = this.sources[this.#state.source];
    this.#change({ status: "loading", problem: null });
    try {
      await source.prepare();
      if (attempt !== this.#attempt) return;
      await source.start(this.#start());
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#stop();
      this.#change({
        status: "paused",
        problem: error instanceof Error ? error.message : String(error),
      });
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#change({ status: "playing" });
    this.#nextFrame();
  }

  #start(): Start {
    return { position_s: this.#position_s, rate: this.#state.rate, loop: this.#loop() };
  }

  #loop(): Loop | null {
    const loop = this.#state.loop;
    if (loop === null) return null;
    return { from_s: this.timeline.barStart(loop.from), to_s: this.timeline.barEnd(loop.to) };
  }

  #restart(): void {
    if (this.#state.status !== "playing") return;
    const attempt = this.#attempt;
    this.sources[this.#state.source].start(this.#start()).catch((error: unknown) => {
      if (attempt !== this.#attempt) return;
      this.pause();
      this.#change({ problem: error instanceof Error ? error.message : String(error) });
    });
  }

  #stop(): void {
    if (this.#frame !== null) this.frames.cancel(this.#frame);
    this.#frame = null;
    this.sources[this.#state.source].stop();
  }

  #heard_s(): number {
    const heard_s = this.sources[this.#state.source].position() ?? this.#position_s;
    return Math.min(Math.max(heard_s, 0), this.timeline.duration_s);
  }

  #keepPlace(): void {
    if (this.#state.status === "playing") this.#moveTo(this.#heard_s());
  }

  #nextFrame(): void {
    this.#frame = this.frames.request(() => {
      const heard_s = this.sources[this.#state.source].position();
      if (heard_s !== null) this.#moveTo(this.#heard_s());
      if (heard_s !== null && heard_s >= this.timeline.duration_s) this.pause();
      else this.#nextFrame();
    });
  }

  #moveTo(position_s: number): void {
    this.#position_s = position_s;
    const bar = this.timeline.barAt(position_s);
    if (bar !== this.#state.bar) this.#change({ bar });
    for (const follower of this.#followers) follower(position_s);
  }

  #mix(mixer: Mixer): void {
    this.#change({ mixer });
    for (const source of Object.values(this.sources)) source.setMixer(mixer);
  }

  #change(change: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }
}
