/** The synthesizer, on the sound card's own thread. */

import { SoundBankLoader, SpessaSynthProcessor } from "spessasynth_core";
import { PROCESSOR, type WorkletAnswer, type WorkletMessage } from "./workletMessages";

// What a worklet's global scope has; TypeScript's library describes windows.
declare const currentTime: number;
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

interface Waiting {
  midi: readonly number[];
  at_s: number;
}

class SynthesizerProcessor extends AudioWorkletProcessor {
  readonly #synthesizer = new SpessaSynthProcessor(sampleRate, {
    eventsEnabled: false,
    initialTime: currentTime,
  });
  #waiting: Waiting[] = [];
  #ended = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<WorkletMessage>) => this.#take(data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] ?? [];
    if (left === undefined || right === undefined) return !this.#ended;
    while ((this.#waiting[0]?.at_s ?? Number.POSITIVE_INFINITY) <= currentTime) {
      this.#synthesizer.processMessage((this.#waiting.shift() as Waiting).midi as number[]);
    }
    this.#synthesizer.process(left, right);
    return !this.#ended;
  }

  #take(message: WorkletMessage): void {
    switch (message.type) {
      case "bank":
        this.#load(message.bank);
        break;
      case "program":
        this.#synthesizer.programChange(message.channel, message.program);
        break;
      case "audible":
        this.#synthesizer.midiChannels[message.channel]?.setSystemParameter(
          "isMuted",
          !message.audible,
        );
        break;
      case "midi":
        this.#waiting.push(message);
        this.#waiting.sort((a, b) => a.at_s - b.at_s);
        break;
      case "silence":
        this.#waiting = [];
        this.#synthesizer.stopAllChannels(true);
        break;
      case "end":
        this.#ended = true;
    }
  }

  #load(bank: ArrayBuffer): void {
    let answer: WorkletAnswer = { type: "ready" };
    try {
      const sounds = SoundBankLoader.fromArrayBuffer(bank);
      this.#synthesizer.soundBankManager.addSoundBank(sounds, "sounds");
    } catch (error) {
      answer = { type: "failed", reason: String(error) };
    }
    this.port.postMessage(answer);
  }
}

registerProcessor(PROCESSOR, SynthesizerProcessor);
