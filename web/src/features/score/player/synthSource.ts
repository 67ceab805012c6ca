import { ScoreClock } from "./clock";
import type { Mixer } from "./mixer";
import type { PlaybackNote, PlaybackPart } from "./playback";
import { type Instrument, NoteScheduler } from "./scheduler";
import type { SoundSource, Start } from "./source";

/** A synthesizer on the sound card's clock. */
export interface Synthesizer extends Instrument {
  /** The clock's time now, at which nothing can be scheduled any more. */
  now_s(): number;
  /** The clock's time of what leaves the loudspeaker now. */
  heard_s(): number;
  resume(): Promise<void>;
  /** Let sound through from a time on. */
  open(at_s: number): void;
  /** Silence at once; what was handed over for later is forgotten. */
  close(): void;
  setAudible(part: number, audible: boolean): void;
  dispose(): void;
}

const TICK_MS = 25;
const AHEAD_S = 0.1;
/** A hidden tab's timers fire once a second. */
const HIDDEN_AHEAD_S = 1.5;
const START_DELAY_S = 0.03;

/** The score, played by a synthesizer. */
export class SynthSource implements SoundSource {
  #synthesizer: Synthesizer | null = null;
  #loading: Promise<Synthesizer> | null = null;
  #scheduler: NoteScheduler | null = null;
  #clock: ScoreClock | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #mixer: Mixer | null = null;
  #transpose = 0;
  #disposed = false;

  constructor(
    private readonly notes: readonly PlaybackNote[],
    private readonly parts: readonly PlaybackPart[],
    /** Loads the sound bank, when it is first needed. */
    private readonly load: (parts: readonly PlaybackPart[]) => Promise<Synthesizer>,
  ) {}

  async prepare(): Promise<void> {
    this.#loading ??= this.load(this.parts);
    try {
      this.#synthesizer = await this.#loading;
    } catch (error) {
      this.#loading = null;
      throw new Error("The sounds could not be loaded: check the connection and play again.", {
        cause: error,
      });
    }
    if (this.#disposed) this.#synthesizer.dispose();
    else await this.#synthesizer.resume();
  }

  async start({ position_s, rate, loop }: Start): Promise<void> {
    const synthesizer = this.#synthesizer;
    if (synthesizer === null) return;
    synthesizer.close();
    const at_s = synthesizer.now_s() + START_DELAY_S;
    this.#clock = new ScoreClock(at_s, position_s, rate, loop);
    this.#scheduler = new NoteScheduler(
      transposed(this.notes, this.parts, this.#transpose),
      synthesizer,
    );
    this.#scheduler.start(this.#clock);
    this.#applyMixer();
    synthesizer.open(at_s);
    this.#tick();
    this.#timer ??= setInterval(this.#tick, TICK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#synthesizer?.close();
  }

  position(): number | null {
    if (this.#clock === null || this.#synthesizer === null) return null;
    const heard_s = this.#synthesizer.heard_s();
    return heard_s < this.#clock.anchor_s ? null : this.#clock.position(heard_s);
  }

  setMixer(mixer: Mixer): void {
    this.#mixer = mixer;
    this.#applyMixer();
  }

  setTranspose(semitones: number): void {
    this.#transpose = semitones;
  }

  dispose(): void {
    this.#disposed = true;
    this.stop();
    this.#synthesizer?.dispose();
  }

  readonly #tick = (): void => {
    if (this.#synthesizer === null) return;
    const ahead_s = document.hidden ? HIDDEN_AHEAD_S : AHEAD_S;
    this.#scheduler?.advance(this.#synthesizer.now_s() + ahead_s);
  };

  #applyMixer(): void {
    if (this.#synthesizer === null || this.#mixer === null) return;
    for (const part of this.parts.keys()) {
      this.#synthesizer.setAudible(part, this.#mixer.audible(part));
    }
  }
}

/** Drums have no pitch to move; what would leave MIDI's range stays an octave inside. */
function transposed(
  notes: readonly PlaybackNote[],
  parts: readonly PlaybackPart[],
  semitones: number,
): readonly PlaybackNote[] {
  if (semitones === 0) return notes;
  return notes.map((note) => {
    if (parts[note.part]?.percussion) return note;
    const pitch = note.pitch + semitones;
    return { ...note, pitch: pitch > 127 ? pitch - 12 : pitch < 0 ? pitch + 12 : pitch };
  });
}
