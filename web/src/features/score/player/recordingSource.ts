import type { Loop } from "./clock";
import type { SoundSource, Start } from "./source";
import type { Timeline } from "./timeline";

/** What of an `<audio>` element is used. */
export type Audio = Pick<
  HTMLAudioElement,
  | "src"
  | "currentTime"
  | "playbackRate"
  | "preservesPitch"
  | "ended"
  | "play"
  | "pause"
  | "load"
  | "removeAttribute"
  | "addEventListener"
  | "removeEventListener"
>;

/** The original recording, heard where the score is: its own pace, the score's place. */
export class RecordingSource implements SoundSource {
  #url: Promise<string> | null = null;
  #loop: Loop | null = null;

  constructor(
    private readonly timeline: Timeline,
    /** Fetches the recording when it is first played, and gives its address. */
    private readonly locate: () => Promise<string>,
    private readonly audio: Audio = new Audio(),
  ) {
    // A hidden tab draws no frames, and the loop goes on all the same.
    audio.addEventListener("timeupdate", this.#keepInLoop);
  }

  async prepare(): Promise<void> {
    this.#url ??= this.locate();
    try {
      const url = await this.#url;
      if (this.audio.src !== url && !this.audio.src.endsWith(url)) this.audio.src = url;
    } catch (error) {
      this.#url = null;
      throw error;
    }
  }

  async start({ position_s, rate, loop }: Start): Promise<void> {
    this.#loop = loop !== null && position_s < loop.to_s ? loop : null;
    this.audio.preservesPitch = true;
    this.audio.playbackRate = rate;
    this.#jump(position_s);
    try {
      await this.audio.play();
    } catch (error) {
      // Paused again before it began: no fault.
      if (error instanceof DOMException && error.name === "AbortError") return;
      throw new Error("The recording could not be played: try again, or listen to the score.", {
        cause: error,
      });
    }
  }

  stop(): void {
    this.audio.pause();
  }

  position(): number {
    this.#keepInLoop();
    if (this.audio.ended) return this.timeline.duration_s;
    return this.timeline.toScore(this.audio.currentTime);
  }

  /** A recording cannot be taken apart: the controls say so. */
  setMixer(): void {}

  /** A recording stays in its key: the controls say so. */
  setTranspose(): void {}

  dispose(): void {
    this.audio.removeEventListener("timeupdate", this.#keepInLoop);
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  #jump(score_s: number): void {
    this.audio.currentTime = Math.max(0, this.timeline.toRecording(score_s));
  }

  readonly #keepInLoop = (): void => {
    if (this.#loop === null) return;
    if (this.timeline.toScore(this.audio.currentTime) >= this.#loop.to_s) {
      this.#jump(this.#loop.from_s);
    }
  };
}
