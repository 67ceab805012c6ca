/** What a person can wish for, in the form's own words, and what the server is told. */

import { parseTimecode } from "../../lib/time";
import type { components } from "../../wire/api";

type Wire = components["schemas"];
export type Stem = Wire["Stem"];

export const PLAYERS = {
  mix: "A band, a song, several instruments",
  piano: "One piano",
  solo: "Another instrument, alone",
} as const;

export const SEPARATION = {
  auto: "Yes, where the server can",
  demucs: "Yes, or else fail",
  none: "No, write down what sounds together",
} as const satisfies Record<Wire["SeparationMode"], string>;

export const STEMS: Partial<Record<Stem, string>> = {
  vocals: "Voice",
  piano: "Piano",
  guitar: "Guitar",
  bass: "Bass",
  drums: "Drums",
  other: "Anything else",
};

export const METRES = ["2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8"] as const;

export const EIGHTHS = { heard: "As heard", straight: "Straight", swung: "Swung" } as const;

const TONICS = ["C", "G", "D", "A", "E", "B", "F#", "C#", "F", "Bb", "Eb", "Ab", "Db", "Gb"];
const MINOR_TONICS = ["A", "E", "B", "F#", "C#", "G#", "D#", "D", "G", "C", "F", "Bb", "Eb", "Ab"];

export const KEYS = [
  ...TONICS.map((tonic) => `${tonic} major`),
  ...MINOR_TONICS.map((tonic) => `${tonic} minor`),
];

/** Writes a key as musicians do. */
export function prettyKey(key: string): string {
  return key.replace("#", "♯").replace(/b /, "♭ ");
}

export interface Wishes {
  player: keyof typeof PLAYERS;
  separation: keyof typeof SEPARATION;
  stems: Stem[];
  title: string;
  start: string;
  end: string;
  tempo: string;
  metre: string;
  key: string;
  eighths: keyof typeof EIGHTHS;
  chordSymbols: boolean;
}

export const NO_WISHES: Wishes = {
  player: "mix",
  separation: "auto",
  stems: [],
  title: "",
  start: "",
  end: "",
  tempo: "",
  metre: "",
  key: "",
  eighths: "heard",
  chordSymbols: false,
};

/** What is wrong, by the path that the server would name. */
export type Faults = Record<string, string>;

/** What can be told before anything is sent. */
export function faultsOf(wishes: Wishes): Faults {
  const faults: Faults = {};
  const start = wishes.start ? parseTimecode(wishes.start) : 0;
  const end = wishes.end ? parseTimecode(wishes.end) : null;
  const howTo = "Write it as minutes and seconds, like 1:30.";
  if (start === null) faults["options.start_s"] = howTo;
  if (wishes.end && end === null) faults["options.end_s"] = howTo;
  if (start !== null && end !== null && end <= start)
    faults["options.end_s"] = "The section ends before it begins.";
  const tempo = Number(wishes.tempo);
  if (wishes.tempo && !(tempo >= 20 && tempo <= 400))
    faults["options.notation.tempo_bpm"] = "Give 20 to 400 beats a minute.";
  if (wishes.eighths === "swung" && wishes.metre.endsWith("/8"))
    faults["options.notation"] = `Eighths are not swung in ${wishes.metre}.`;
  return faults;
}

/** The options as the server takes them; what was not wished for is left out. */
export function optionsOf(wishes: Wishes): Record<string, unknown> {
  const { player, separation, stems, title, start, end, tempo, metre, key } = wishes;
  const notation = {
    ...(tempo && { tempo_bpm: Number(tempo) }),
    ...(metre && { time_signature: metre }),
    ...(key && { key }),
    ...(wishes.chordSymbols && { chord_symbols: true }),
    ...(wishes.eighths !== "heard" && { swing: wishes.eighths === "swung" }),
  };
  return {
    recording: player === "mix" ? "mix" : "solo",
    ...(player === "piano" && { instruments: ["piano"] }),
    ...(player === "mix" && { separation, ...(stems.length && { instruments: stems }) }),
    ...(title.trim() && { title: title.trim() }),
    ...(start && { start_s: parseTimecode(start) }),
    ...(end && { end_s: parseTimecode(end) }),
    ...(Object.keys(notation).length && { notation }),
  };
}
