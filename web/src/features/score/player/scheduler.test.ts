import { describe, expect, it } from "vitest";
import { type Loop, ScoreClock } from "./clock";
import type { PlaybackNote } from "./playback";
import { NoteScheduler } from "./scheduler";

const UNUSED = { recording_duration_s: 0, tied_ids: [] };

function note(pitch: number, onset_s: number, duration_s: number): PlaybackNote {
  const id = `n${pitch}-${onset_s}`;
  return {
    id,
    part: 0,
    pitch,
    velocity: 80,
    onset_s,
    duration_s,
    recording_onset_s: onset_s,
    ...UNUSED,
  };
}

/** What an instrument is told, in the order in which it is. */
function play(
  notes: PlaybackNote[],
  rate: number,
  loop: Loop | null,
  until_s: number,
  step_s = 0.025,
) {
  const told: string[] = [];
  const scheduler = new NoteScheduler(notes, {
    noteOn: (_part, pitch, _velocity, at_s) => told.push(`on ${pitch} ${at_s.toFixed(2)}`),
    noteOff: (_part, pitch, at_s) => told.push(`off ${pitch} ${at_s.toFixed(2)}`),
  });
  scheduler.start(new ScoreClock(0, 0, rate, loop));
  for (let step = 1; step * step_s <= until_s + 1e-9; step += 1) scheduler.advance(step * step_s);
  return told;
}

const SCALE = [note(60, 0, 1), note(62, 1, 1), note(64, 2, 1)];

describe("NoteScheduler", () => {
  it("hands each note over once, however the time is cut", () => {
    const expected = [
      "on 60 0.00",
      "off 60 1.00",
      "on 62 1.00",
      "off 62 2.00",
      "on 64 2.00",
      "off 64 3.00",
    ];
    for (const step_s of [0.025, 0.1, 1, 3.5]) {
      expect(play(SCALE, 1, null, 3.5, step_s)).toEqual(expected);
    }
  });

  it("stretches beginnings and ends with the speed", () => {
    expect(play(SCALE, 0.5, null, 4)).toEqual([
      "on 60 0.00",
      "off 60 2.00",
      "on 62 2.00",
      "off 62 4.00",
    ]);
  });

  it("ends what sounds at the loop's end, and begins again", () => {
    const held = [note(48, 0, 3), note(62, 1, 1)];
    expect(play(held, 1, { from_s: 0, to_s: 2 }, 3.5)).toEqual([
      "on 48 0.00",
      "on 62 1.00",
      "off 48 2.00",
      "off 62 2.00",
      "on 48 2.00",
      "on 62 3.00",
    ]);
  });

  it("ends a note where its key is struck again, and strikes a shared key once", () => {
    expect(play([note(60, 0, 3), note(60, 1, 1)], 1, null, 3)).toEqual([
      "on 60 0.00",
      "off 60 1.00",
      "on 60 1.00",
      "off 60 2.00",
    ]);
    expect(play([note(60, 0, 1), note(60, 0, 2)], 1, null, 3)).toEqual([
      "on 60 0.00",
      "off 60 2.00",
    ]);
  });

  it("hands nothing over far ahead of its time", () => {
    expect(play(SCALE, 1, null, 0.1)).toEqual(["on 60 0.00"]);
  });

  it("forgets what was to come when it is started elsewhere", () => {
    const told: string[] = [];
    const scheduler = new NoteScheduler(SCALE, {
      noteOn: (_part, pitch, _velocity, at_s) => told.push(`on ${pitch} ${at_s}`),
      noteOff: (_part, pitch, at_s) => told.push(`off ${pitch} ${at_s}`),
    });
    scheduler.start(new ScoreClock(0, 0, 1));
    scheduler.advance(0.1);
    scheduler.start(new ScoreClock(0.2, 2, 1));
    scheduler.advance(2);
    expect(told).toEqual(["on 60 0", "on 64 0.2", "off 64 1.2"]);
  });
});
