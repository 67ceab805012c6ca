/** Where a job stands, and what each thing that the server says makes of that. No I/O, no clock. */

import type { components } from "../wire/api";
import type { ErrorDetail, ServerMessage, Stage } from "../wire/messages";

type Job = components["schemas"]["Job"];
type JobEvent = Exclude<ServerMessage, { type: "heartbeat" }>;

/** `connecting` until the server has said for the first time where the job stands. */
export type Status = "connecting" | "processing" | "completed" | "failed";

export interface JobState {
  /** Percent; it never falls within an attempt. */
  progress: number;
  status: Status;
  /** The stage at work, or the one that failed. */
  stage: Stage | null;
  /** One sentence for people: what is being done. */
  message: string;
  /** Which attempt this is, from 1; 0 until known. */
  attempt: number;
  /** Why the attempt failed. */
  failure: ErrorDetail | null;
  /** Where the score is, once there is one. */
  resultUrl: string | null;
  /** The newest event that this includes, which a stream resumes after. */
  lastEventId: number | null;
}

export const UNKNOWN: JobState = {
  progress: 0,
  status: "connecting",
  stage: null,
  message: "",
  attempt: 0,
  failure: null,
  resultUrl: null,
  lastEventId: null,
};

export function hasEnded(state: JobState): boolean {
  return state.status === "completed" || state.status === "failed";
}

/** Reads a frame; null for what this version does not know, which is to be ignored. */
export function decode(frame: unknown): ServerMessage | null {
  if (typeof frame !== "string") return null;
  try {
    const message: unknown = JSON.parse(frame);
    if (typeof message !== "object" || message === null || !("type" in message)) return null;
    return isKnown(message.type) ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}

function isKnown(type: unknown): boolean {
  return type === "progress" || type === "completed" || type === "error" || type === "heartbeat";
}

/** The state after an event; the same object where the event is included already. */
export function afterEvent(state: JobState, event: JobEvent): JobState {
  if (state.lastEventId !== null && event.id <= state.lastEventId) return state;
  const known = { ...state, attempt: event.attempt, lastEventId: event.id };
  switch (event.type) {
    case "progress":
      return {
        ...known,
        status: "processing",
        progress: event.progress,
        stage: event.stage,
        message: event.message,
        failure: null,
        resultUrl: null,
      };
    case "completed":
      return {
        ...known,
        status: "completed",
        progress: 100,
        message: "The score is ready",
        failure: null,
        resultUrl: event.result_url,
      };
    case "error":
      return {
        ...known,
        status: "failed",
        stage: event.error.stage,
        message: event.error.message,
        failure: event.error,
        resultUrl: null,
      };
  }
}

/** The state after a poll; the same object where the answer says nothing new. */
export function afterPoll(state: JobState, job: Job): JobState {
  const isNews = state.lastEventId === null || job.last_event_id > state.lastEventId;
  if (!isNews) return state;
  return {
    progress: job.progress,
    status: job.status === "queued" ? "processing" : job.status,
    stage: job.error ? job.error.stage : job.stage,
    message: job.error?.message ?? job.message,
    attempt: job.attempt,
    failure: job.error,
    resultUrl: job.result_url,
    lastEventId: job.last_event_id,
  };
}
