import soundBankUrl from "@coderline/alphatab/soundfont/sonivox.sf2?url";
import type { PlaybackPart } from "./playback";
import type { Synthesizer } from "./synthSource";
import workletUrl from "./synthWorklet?worker&url";
import { PROCESSOR, type WorkletAnswer, type WorkletMessage } from "./workletMessages";

const NOTE_ON = 0x90;
const NOTE_OFF = 0x80;
const DRUM_CHANNEL = 9;
const FADE_S = 0.008;
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
      context.audioWorklet.addModule(workletUrl),
      context.resume(),
    ]);
    const node = new AudioWorkletNode(context, PROCESSOR, { outputChannelCount: [2] });
    await handOver(node.port, bank);
    return new WebSynthesizer(context, node, parts);
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

function handOver(port: MessagePort, bank: ArrayBuffer): Promise<void> {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }: MessageEvent<WorkletAnswer>) => {
      if (data.type === "ready") resolve();
      else reject(new Error(data.reason));
    };
    port.postMessage({ type: "bank", bank } satisfies WorkletMessage, [bank]);
  });
}

class WebSynthesizer implements Synthesizer {
  readonly #gate: GainNode;
  readonly #channels: number[];
  #suspend: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
    parts: readonly PlaybackPart[],
  ) {
    this.#gate = new GainNode(context, { gain: 0 });
    node.connect(this.#gate).connect(context.destination);
    this.#channels = assignChannels(parts);
    for (const [index, part] of parts.entries()) {
      const channel = this.#channel(index);
      if (!part.percussion) this.#tell({ type: "program", channel, program: part.midi_program });
    }
  }

  noteOn(part: number, pitch: number, velocity: number, at_s: number): void {
    this.#tell({ type: "midi", midi: [NOTE_ON | this.#channel(part), pitch, velocity], at_s });
  }

  noteOff(part: number, pitch: number, at_s: number): void {
    this.#tell({ type: "midi", midi: [NOTE_OFF | this.#channel(part), pitch, 0], at_s });
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
    clearTimeout(this.#suspend);
    await this.context.resume();
  }

  open(at_s: number): void {
    clearTimeout(this.#suspend);
    this.#gate.gain.cancelScheduledValues(0);
    this.#gate.gain.setValueAtTime(1, at_s);
  }

  close(): void {
    const now_s = this.context.currentTime;
    this.#gate.gain.cancelScheduledValues(0);
    this.#gate.gain.setTargetAtTime(0, now_s, FADE_S / 3);
    this.#gate.gain.setValueAtTime(0, now_s + FADE_S * 2);
    this.#tell({ type: "silence" });
    clearTimeout(this.#suspend);
    this.#suspend = setTimeout(() => void this.context.suspend(), SUSPEND_AFTER_MS);
  }

  setAudible(part: number, audible: boolean): void {
    this.#tell({ type: "audible", channel: this.#channel(part), audible });
  }

  dispose(): void {
    clearTimeout(this.#suspend);
    this.#tell({ type: "end" });
    void this.context.close();
  }

  #channel(part: number): number {
    return this.#channels[part] ?? 0;
  }

  #tell(message: WorkletMessage): void {
    this.node.port.postMessage(message);
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
