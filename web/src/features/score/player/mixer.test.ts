import { describe, expect, it } from "vitest";
import { Mixer } from "./mixer";

const heard = (mixer: Mixer) => [0, 1, 2].filter((part) => mixer.audible(part));

describe("Mixer", () => {
  it("lets a mute silence its part, and a solo all others", () => {
    expect(heard(new Mixer().toggleMute(1))).toEqual([0, 2]);
    expect(heard(new Mixer().toggleSolo(1).toggleSolo(2))).toEqual([1, 2]);
    expect(heard(new Mixer().toggleSolo(1).toggleMute(1))).toEqual([]);
    expect(heard(new Mixer().toggleSolo(1).toggleSolo(1))).toEqual([0, 1, 2]);
  });
});
