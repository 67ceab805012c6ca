/** What the page tells the synthesizer in its worklet, and what that answers. */
export type WorkletMessage =
  | { type: "bank"; bank: ArrayBuffer }
  | { type: "program"; channel: number; program: number }
  | { type: "audible"; channel: number; audible: boolean }
  /** A MIDI message for a time of the sound card's clock. */
  | { type: "midi"; midi: readonly number[]; at_s: number }
  /** Silence at once; what was sent for later is forgotten. */
  | { type: "silence" }
  | { type: "end" };

export type WorkletAnswer = { type: "ready" } | { type: "failed"; reason: string };

export const PROCESSOR = "scorewire-synthesizer";
