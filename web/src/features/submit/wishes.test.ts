import { expect, test } from "vitest";
import { parseTimecode } from "../../lib/time";
import { faultsOf, KEYS, NO_WISHES, optionsOf } from "./wishes";

test("without wishes the server is told no more than that several instruments play", () => {
  expect(optionsOf(NO_WISHES)).toEqual({ recording: "mix", separation: "auto" });
});

test("one piano is a solo, of which nothing is taken apart", () => {
  const wishes = { ...NO_WISHES, player: "piano", stems: ["drums"] } as const;
  expect(optionsOf({ ...wishes, stems: ["drums"] })).toEqual({
    recording: "solo",
    instruments: ["piano"],
  });
});

test("a section, a title and what is known of the music are told in the server's words", () => {
  const told = optionsOf({
    ...NO_WISHES,
    start: "0:30",
    end: "1:02:03",
    title: " Étude ",
    tempo: "96",
    metre: "6/8",
    key: "Eb major",
    chordSymbols: true,
    eighths: "straight",
  });
  expect(told).toMatchObject({
    start_s: 30,
    end_s: 3723,
    title: "Étude",
    notation: {
      ...{ tempo_bpm: 96, time_signature: "6/8", key: "Eb major", chord_symbols: true },
      swing: false,
    },
  });
});

test("swung eighths are asked for as such, and not in a metre of eighths", () => {
  const wishes = { ...NO_WISHES, eighths: "swung" } as const;
  expect(optionsOf(wishes)).toMatchObject({ notation: { swing: true } });
  expect(faultsOf({ ...wishes, metre: "4/4" })).toEqual({});
  const faults = faultsOf({ ...wishes, metre: "12/8" });
  expect(faults).toEqual({ "options.notation": "Eighths are not swung in 12/8." });
  expect(faultsOf({ ...NO_WISHES, eighths: "straight", metre: "12/8" })).toEqual({});
});

test("every key on offer is one that the server takes", () => {
  for (const key of KEYS) expect(key).toMatch(/^[A-G][#b]? (major|minor)$/);
});

test("faults are told by the field's own path", () => {
  const faults = faultsOf({ ...NO_WISHES, start: "1:30", end: "0:20", tempo: "5" });
  expect(Object.keys(faults)).toEqual(["options.end_s", "options.notation.tempo_bpm"]);
  expect(faultsOf({ ...NO_WISHES, start: "soon" })).toHaveProperty(["options.start_s"]);
  expect(faultsOf(NO_WISHES)).toEqual({});
});

test.each([
  ["90", 90],
  ["1:30", 90],
  ["1:02:03", 3723],
  ["0:30.5", 30.5],
  ["1:75", null],
  ["", null],
  ["-3", null],
])("the time %s is %s seconds", (text, seconds) => {
  expect(parseTimecode(text)).toBe(seconds);
});
