import type { Loop } from "./clock";
import type { Mixer } from "./mixer";

/** Where the player starts and how it goes on. */
export interface Start {
  position_s: number;
  rate: number;
  loop: Loop | null;
}

/** Something that sounds in step with the score: the synthesizer, or the original recording. */
export interface SoundSource {
  /** Fetch what it needs; called from a click, which lets it make sound. */
  prepare(): Promise<void>;
  /** Sound from a place on, whatever it did before. */
  start(from: Start): Promise<void>;
  stop(): void;
  /**
   * The place of the score that is *heard* now; what is on its way to the ear does not count.
   *
   * Null until the first sound since the start is heard.
   */
  position(): number | null;
  setMixer(mixer: Mixer): void;
  setTranspose(semitones: number): void;
  dispose(): void;
}
