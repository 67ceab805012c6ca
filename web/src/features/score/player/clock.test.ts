import { describe, expect, it } from "vitest";
import { ScoreClock } from "./clock";

describe("ScoreClock", () => {
  it("runs at its speed from where it was started, and waits until then", () => {
    const clock = new ScoreClock(10, 2, 0.5);
    expect(clock.position(9)).toBe(2);
    expect(clock.position(12)).toBe(3);
  });

  it("jumps back at the loop's end, again and again", () => {
    const clock = new ScoreClock(0, 1, 1, { from_s: 2, to_s: 4 });
    expect(clock.position(2.9)).toBeCloseTo(3.9);
    expect(clock.position(3)).toBeCloseTo(2);
    expect(clock.position(8.5)).toBeCloseTo(3.5);
  });

  it("plays on where it was started after the loop", () => {
    expect(new ScoreClock(0, 5, 1, { from_s: 2, to_s: 4 }).position(3)).toBe(8);
  });

  it("divides a span of time into stretches that add up to it", () => {
    const clock = new ScoreClock(0, 3, 2, { from_s: 2, to_s: 4 });
    const stretches = clock.stretches(0, 2);
    expect(stretches.map(({ from_s, to_s, at_s }) => [from_s, to_s, at_s])).toEqual([
      [3, 4, 0],
      [2, 4, 0.5],
      [2, 3, 1.5],
    ]);
  });

  it("tells nothing about the time before its start", () => {
    expect(new ScoreClock(5, 0, 1).stretches(3, 4)).toEqual([]);
    expect(new ScoreClock(5, 0, 1).stretches(4, 6)).toEqual([{ from_s: 0, to_s: 1, at_s: 5 }]);
  });
});
