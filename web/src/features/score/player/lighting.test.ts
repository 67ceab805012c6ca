import { describe, expect, it } from "vitest";
import { Lighting, spansOf } from "./lighting";
import { Timeline } from "./timeline";

const spans = [
  { ids: ["bass"], from_s: 0, to_s: 4 },
  { ids: ["a", "a-tied"], from_s: 0, to_s: 1 },
  { ids: ["b"], from_s: 1, to_s: 2 },
];

describe("Lighting", () => {
  it("tells only what changes", () => {
    const lighting = new Lighting(spans);
    expect(lighting.moveTo(0)).toEqual({ on: ["bass", "a", "a-tied"], off: [] });
    expect(lighting.moveTo(0.9)).toEqual({ on: [], off: [] });
    expect(lighting.moveTo(1)).toEqual({ on: ["b"], off: ["a", "a-tied"] });
    expect(lighting.moveTo(5)).toEqual({ on: [], off: ["bass", "b"] });
  });

  it("finds long notes after a jump, in either direction", () => {
    const lighting = new Lighting(spans);
    lighting.moveTo(3.5);
    expect([...lighting.lit]).toEqual(["bass"]);
    lighting.moveTo(1.5);
    expect([...lighting.lit]).toEqual(["bass", "b"]);
  });

  it("puts all out", () => {
    const lighting = new Lighting(spans);
    lighting.moveTo(0.5);
    expect(lighting.clear()).toEqual({ on: [], off: ["bass", "a", "a-tied"] });
  });
});

describe("spansOf", () => {
  it("lights a note as written, or where the recording has it", () => {
    const note = {
      ...{ id: "a", tied_ids: ["b"], part: 0, pitch: 60, velocity: 80, onset_s: 1, duration_s: 1 },
      ...{ recording_onset_s: 2.5, recording_duration_s: 1 },
    };
    const moments = [0, 1, 2].map((onset_s) => ({ onset_s, recording_onset_s: onset_s * 2 }));
    const bars = moments.map((moment, index) => ({ ...moment, number: index + 1 }));
    const playback = {
      ...{ duration_s: 3, parts: [], notes: [note], bars, beats: moments },
      ...{ tempo_bpm: 60, metre: "1/4", key: "C major", chord_symbols: false, swung: false },
    };
    const timeline = new Timeline(playback);
    expect(spansOf(playback, timeline, "score")).toEqual([{ ids: ["a", "b"], from_s: 1, to_s: 2 }]);
    expect(spansOf(playback, timeline, "recording")).toEqual([
      { ids: ["a", "b"], from_s: 1.25, to_s: 1.75 },
    ]);
  });
});
