/** The four stages in people's words, and where each stands. */

import type { Stage } from "../../wire/messages";

/** What each stage fills of the job's 0-100; as in scorewire/jobs/stages.py, and held to it by a test. */
export const SPANS: Record<Stage, readonly [number, number]> = {
  download: [0, 10],
  separation: [10, 55],
  transcription: [55, 90],
  musicxml: [90, 99],
};

export const STAGES = Object.keys(SPANS) as Stage[];

export const STAGE_NAMES: Record<Stage, string> = {
  download: "Listen in",
  separation: "Take apart",
  transcription: "Find the notes",
  musicxml: "Engrave",
};

export type Standing = "waiting" | "working" | "done" | "failed";

/** How far one stage is, 0-1. */
export function shareOf(stage: Stage, progress: number): number {
  const [from, to] = SPANS[stage];
  return Math.min(1, Math.max(0, (progress - from) / (to - from)));
}

export function standingOf(stage: Stage, now: Stage | null, status: string): Standing {
  if (status === "completed") return "done";
  if (now === null) return "waiting";
  const [place, at] = [STAGES.indexOf(stage), STAGES.indexOf(now)];
  if (place < at) return "done";
  if (place > at) return "waiting";
  return status === "failed" ? "failed" : "working";
}
