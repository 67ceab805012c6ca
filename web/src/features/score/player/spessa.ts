import soundBankUrl from "@coderline/alphatab/soundfont/sonivox.sf3?url";
import { WorkletSynthesizer } from "spessasynth_lib";
import processorUrl from "spessasynth_lib/dist/spessasynth_processor.min.js?url";
import type { PlaybackPart } from "./playback";
import type { Synthesizer } from "./synthSource";

const DRUM_CHANNEL = 9;
const ALL_SOUND_OFF = 120;
const FADE_S = 0.008;
/** The synthesizer works in blocks of 128 samples. */
const MARGIN_S = 0.004;
/** A context that runs keeps a core busy; one that just stopped may be wanted again. */
const SUSPEND_AFTER_MS = 3000;
/** What a browser may call the difference between its two clocks before it is not believed. */
const BELIEVABLE_LATENCY_S = 0.5;

/** Make a synthesizer with the sound bank of this site; to be called from a click. */
export async function loadSynthesizer(parts: readonly PlaybackPart[]): Promise<Synthesizer> {
  const context = new AudioContext({ latencyHint: "interactive" });
  try {
    const [bank] = await Promise.all([
      fetchBank(),
      context.audioWorklet.addModule(processorUrl),
      context.resume(),
    ]);
    const synthesizer = new WorkletSynthesizer(context, { eventsEnabled: false });
    await synthesizer.soundBankManager.addSoundBank(bank, "sonivox");
    await synthesizer.isReady;
    return new SpessaSynthesizer(context, synthesizer, parts);
  } catch (error) {
    void context.close();
    throw error;
  }
}

async function fetchBank(): Promise<ArrayBuffer> {
  const response = await fetch(soundBankUrl);
  if (!response.ok) throw new Error(`The sound bank answered ${response.status}.`);
  return response.arrayBuffer();
}

class SpessaSynthesizer implements Synthesizer {
  readonly #gate: GainNode;
  readonly #channels: number[];
  #suspend: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly context: AudioContext,
    private readonly synthesizer: WorkletSynthesizer,
    parts: readonly PlaybackPart[],
  ) {
    this.#gate = new GainNode(context, { gain: 0 });
    synthesizer.connect(this.#gate);
    this.#gate.connect(context.destination);
    this.#channels = assignChannels(parts);
    for (const [index, part] of parts.entries()) {
      if (!part.percussion) synthesizer.programChange(this.#channel(index), part.midi_program);
    }
  }

  noteOn(part: number, pitch: number, velocity: number, at_s: number): void {
    this.synthesizer.noteOn(this.#channel(part), pitch, velocity, { time: at_s });
  }

  noteOff(part: number, pitch: number, at_s: number): void {
    this.synthesizer.noteOff(this.#channel(part), pitch, { time: at_s });
  }

  now_s(): number {
    return this.context.currentTime;
  }

  heard_s(): number {
    const now_s = this.context.currentTime;
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    if (contextTime !== undefined && performanceTime) {
      const heard_s = contextTime + (performance.now() - performanceTime) / 1000;
      if (Math.abs(now_s - heard_s) < BELIEVABLE_LATENCY_S) return heard_s;
    }
    return now_s - (this.context.outputLatency || this.context.baseLatency || 0);
  }

  async resume(): Promise<void> {
    if (this.#suspend !== null) clearTimeout(this.#suspend);
    this.#suspend = null;
    await this.context.resume();
  }

  open(at_s: number): void {
    if (this.#suspend !== null) clearTimeout(this.#suspend);
    this.#suspend = null;
    // What was handed over before a jump has begun by now, behind the closed gate.
    for (const channel of new Set(this.#channels)) {
      this.synthesizer.controllerChange(channel, ALL_SOUND_OFF, 0, { time: at_s - 2 * MARGIN_S });
    }
    this.#gate.gain.cancelScheduledValues(at_s - MARGIN_S);
    this.#gate.gain.setValueAtTime(1, at_s - MARGIN_S);
  }

  close(): void {
    const now_s = this.context.currentTime;
    this.#gate.gain.cancelScheduledValues(now_s);
    this.#gate.gain.setTargetAtTime(0, now_s, FADE_S / 3);
    this.#gate.gain.setValueAtTime(0, now_s + FADE_S * 2);
    this.synthesizer.stopAll(true);
    if (this.#suspend !== null) clearTimeout(this.#suspend);
    this.#suspend = setTimeout(() => void this.context.suspend(), SUSPEND_AFTER_MS);
  }

  setAudible(part: number, audible: boolean): void {
    this.synthesizer.midiChannels[this.#channel(part)]?.setSystemParameter("isMuted", !audible);
  }

  dispose(): void {
    if (this.#suspend !== null) clearTimeout(this.#suspend);
    this.synthesizer.destroy();
    void this.context.close();
  }

  #channel(part: number): number {
    return this.#channels[part] ?? 0;
  }
}

/** Sixteen channels, the tenth for drums; beyond fifteen parts some share one. */
function assignChannels(parts: readonly PlaybackPart[]): number[] {
  let next = 0;
  return parts.map((part) => {
    if (part.percussion) return DRUM_CHANNEL;
    const channel = next % 15;
    next += 1;
    return channel < DRUM_CHANNEL ? channel : channel + 1;
  });
}
