import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Mixer } from "./mixer";
import { type Synthesizer, SynthSource } from "./synthSource";

const parts = [
  { name: "Piano", midi_program: 0, percussion: false },
  { name: "Drums", midi_program: 0, percussion: true },
];
const notes = [0, 1].map((part) => ({
  id: `n${part}`,
  part,
  pitch: 60,
  velocity: 80,
  onset_s: 1,
  duration_s: 0.5,
  recording_onset_s: 1,
  recording_duration_s: 0.5,
  tied_ids: [],
}));

/** A synthesizer whose clock is the test's. */
class HandSynthesizer implements Synthesizer {
  time_s = 100;
  readonly told: string[] = [];
  noteOn(part: number, pitch: number, _velocity: number, at_s: number) {
    this.told.push(`on ${part} ${pitch} ${at_s.toFixed(2)}`);
  }
  noteOff(part: number, pitch: number, at_s: number) {
    this.told.push(`off ${part} ${pitch} ${at_s.toFixed(2)}`);
  }
  now_s = () => this.time_s;
  heard_s = () => this.time_s - 0.02;
  resume = async () => {};
  open(at_s: number) {
    this.told.push(`open ${at_s.toFixed(2)}`);
  }
  close() {
    this.told.push("close");
  }
  setAudible = vi.fn();
  dispose = vi.fn();
}

let synthesizer: HandSynthesizer;
let source: SynthSource;

beforeEach(async () => {
  vi.useFakeTimers();
  synthesizer = new HandSynthesizer();
  source = new SynthSource(notes, parts, async () => synthesizer);
  await source.prepare();
});
afterEach(() => vi.useRealTimers());

/** Let the clock and the timers run on. */
async function pass(duration_s: number) {
  for (let passed_s = 0; passed_s < duration_s - 1e-9; passed_s += 0.025) {
    synthesizer.time_s += 0.025;
    await vi.advanceTimersByTimeAsync(25);
  }
}

describe("SynthSource", () => {
  it("plays what is due on the sound card's clock, and tells the place that is heard", async () => {
    await source.start({ position_s: 0.5, rate: 1, loop: null });
    expect(source.position()).toBeNull();
    await pass(1.2);
    expect(synthesizer.told).toEqual([
      "close",
      "open 100.03",
      "on 0 60 100.53",
      "on 1 60 100.53",
      "off 0 60 101.03",
      "off 1 60 101.03",
    ]);
    expect(source.position()).toBeCloseTo(0.5 + 1.2 - 0.03 - 0.02);
  });

  it("is silenced by a jump before it plays on elsewhere", async () => {
    await source.start({ position_s: 1, rate: 1, loop: null });
    await source.start({ position_s: 0.9, rate: 1, loop: null });
    expect(synthesizer.told.slice(-2)).toEqual(["close", "open 100.03"]);
    await pass(0.2);
    expect(synthesizer.told.filter((line) => line === "on 0 60 100.13")).toHaveLength(1);
  });

  it("is silent once stopped", async () => {
    await source.start({ position_s: 0, rate: 1, loop: null });
    source.stop();
    await pass(2);
    expect(synthesizer.told).toEqual(["close", "open 100.03", "close"]);
  });

  it("moves the pitch of all but drums", async () => {
    source.setTranspose(5);
    await source.start({ position_s: 1, rate: 1, loop: null });
    expect(synthesizer.told).toContain("on 0 65 100.03");
    expect(synthesizer.told).toContain("on 1 60 100.03");
  });

  it("mutes parts, at once and for those chosen before it was loaded", async () => {
    const later = new SynthSource(notes, parts, async () => synthesizer);
    later.setMixer(new Mixer().toggleMute(1));
    await later.prepare();
    await later.start({ position_s: 0, rate: 1, loop: null });
    expect(synthesizer.setAudible.mock.calls).toEqual([
      [0, true],
      [1, false],
    ]);
  });

  it("asks again after the sounds could not be loaded", async () => {
    const load = vi.fn().mockRejectedValueOnce(new Error("offline")).mockResolvedValue(synthesizer);
    const retried = new SynthSource(notes, parts, load);
    await expect(retried.prepare()).rejects.toThrow("The sounds could not be loaded");
    await retried.prepare();
    expect(load).toHaveBeenCalledTimes(2);
  });
});
