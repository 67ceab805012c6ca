import { describe, expect, it } from "vitest";
import { Lighting } from "./lighting";

const spans = [
  { id: "bass", from_s: 0, to_s: 4 },
  { id: "a", from_s: 0, to_s: 1 },
  { id: "b", from_s: 1, to_s: 2 },
];

describe("Lighting", () => {
  it("tells only what changes", () => {
    const lighting = new Lighting(spans);
    expect(lighting.moveTo(0)).toEqual({ on: ["bass", "a"], off: [] });
    expect(lighting.moveTo(0.9)).toEqual({ on: [], off: [] });
    expect(lighting.moveTo(1)).toEqual({ on: ["b"], off: ["a"] });
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
    expect(lighting.clear()).toEqual({ on: [], off: ["bass", "a"] });
  });
});
