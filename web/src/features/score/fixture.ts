import type { Playback } from "./player/playback";

/** Two parts, four bars of two beats at 60 bpm; the recording begins half a second late. */
export const PLAYBACK: Playback = {
  duration_s: 8,
  parts: [
    { name: "Voice", midi_program: 52, percussion: false },
    { name: "Piano", midi_program: 0, percussion: false },
  ],
  notes: [0, 2, 4, 6].map((onset_s, bar) => ({
    id: `P1-N${bar + 1}`,
    tied_ids: [],
    part: 0,
    pitch: 60 + bar,
    velocity: 80,
    onset_s,
    duration_s: 2,
    recording_onset_s: onset_s + 0.5,
    recording_duration_s: 2,
  })),
  bars: [0, 2, 4, 6].map((onset_s, bar) => ({
    number: bar + 1,
    onset_s,
    recording_onset_s: onset_s + 0.5,
  })),
  beats: [0, 1, 2, 3, 4, 5, 6, 7].map((onset_s) => ({
    number: (onset_s % 2) + 1,
    bar: Math.floor(onset_s / 2) + 1,
    onset_s,
    recording_onset_s: onset_s + 0.5,
  })),
  tempo_bpm: 60,
  metre: "2/4",
  key: "G major",
  chord_symbols: false,
  swung: false,
};

const bar = (index: number) =>
  `<g class="measure"><g class="note" id="P1-N${index + 1}"><path d="M0 0"/></g></g>`;

/** The pages of the score that `PLAYBACK` plays. */
export const ENGRAVING = {
  pages: [
    [0, 1],
    [2, 3],
  ].map(
    (bars) =>
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g class="system">${bars.map(bar).join("")}</g></svg>`,
  ),
  width: 800,
  height: 400,
};

/** The job whose score it is. */
export const JOB = {
  job_id: "7f3c1f0e-8f0b-4b43-9a39-0c6a4b8f2d11",
  status: "completed",
  progress: 100,
  stage: "musicxml",
  message: "The score is ready",
  attempt: 1,
  created_at: "2026-01-02T03:04:05Z",
  started_at: null,
  completed_at: null,
  failed_at: null,
  duration_seconds: 4,
  result_url: null,
  error: null,
  last_event_id: 9,
  title: "Menuet in G",
};
