import { describe, expect, it } from "vitest";
import { Timeline } from "./timeline";

/** Two bars of two beats at 60 bpm; the player waits before the second bar. */
const timeline = new Timeline({
  duration_s: 4,
  bars: [
    { number: 1, onset_s: 0, recording_onset_s: 0.5 },
    { number: 2, onset_s: 2, recording_onset_s: 3.5 },
  ],
  beats: [
    { onset_s: 0, recording_onset_s: 0.5 },
    { onset_s: 1, recording_onset_s: 1.5 },
    { onset_s: 2, recording_onset_s: 3.5 },
    { onset_s: 3, recording_onset_s: 4.5 },
  ],
});

describe("Timeline", () => {
  it("maps a place between two beats evenly to the recording", () => {
    expect(timeline.toRecording(0)).toBe(0.5);
    expect(timeline.toRecording(1.5)).toBe(2.5);
    expect(timeline.toRecording(2)).toBe(3.5);
  });

  it("maps back to the same place, whatever the pace", () => {
    for (const place_s of [-0.4, 0, 0.3, 1.25, 1.999, 2, 3.7, 5]) {
      expect(timeline.toScore(timeline.toRecording(place_s))).toBeCloseTo(place_s, 9);
    }
  });

  it("goes on at the nearest pace before the first beat and after the last", () => {
    expect(timeline.toRecording(-0.5)).toBe(0);
    expect(timeline.toRecording(4)).toBe(5.5);
  });

  it("leaves out moments that would run backwards in the recording", () => {
    const odd = new Timeline({
      duration_s: 3,
      bars: [],
      beats: [
        { onset_s: 0, recording_onset_s: 1 },
        { onset_s: 1, recording_onset_s: 0.9 },
        { onset_s: 2, recording_onset_s: 3 },
      ],
    });
    expect(odd.toRecording(1)).toBe(2);
  });

  it("takes score time for the recording's where no beats are known", () => {
    const bare = new Timeline({ duration_s: 3, bars: [], beats: [] });
    expect(bare.toRecording(1.2)).toBe(1.2);
    expect(bare.barAt(1.2)).toBe(0);
    expect(bare.barEnd(0)).toBe(3);
  });

  it("tells a place's bar and a bar's bounds", () => {
    expect([-1, 0, 1.99, 2, 99].map((place_s) => timeline.barAt(place_s))).toEqual([0, 0, 0, 1, 1]);
    expect([timeline.barStart(1), timeline.barEnd(0), timeline.barEnd(1)]).toEqual([2, 2, 4]);
    expect([timeline.barStart(-3), timeline.barStart(7)]).toEqual([0, 2]);
  });
});
