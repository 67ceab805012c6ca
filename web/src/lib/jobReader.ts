/** One poll of a job: what it says, whether asking again is of use, and when. */

import type { components } from "../wire/api";

type Job = components["schemas"]["Job"];

export interface Reading {
  /** The job, where it has changed since the last reading. */
  job: Job | null;
  /** Why the server will not tell, however often it is asked. */
  refused: "not_found" | "not_authenticated" | "refused" | null;
  /** How long the server wants to be left alone. */
  retryAfterMs: number;
}

/** Never throws: a poll that fails is one that said nothing. */
export type JobReader = (signal: AbortSignal) => Promise<Reading>;

const TIMEOUT_MS = 10_000;
const NOTHING: Reading = { job: null, refused: null, retryAfterMs: 0 };
const REFUSED: Record<number, Reading["refused"]> = {
  400: "refused",
  401: "not_authenticated",
  403: "refused",
  404: "not_found",
};

/** Makes a reader that asks for what has changed since it asked last. */
export function jobReader(url: URL, token: string | null): JobReader {
  let etag: string | null = null;

  return async (signal) => {
    const headers = new Headers();
    if (token) headers.set("Authorization", `Bearer ${token}`);
    if (etag) headers.set("If-None-Match", etag);
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      // Not the browser's own cache: it would turn a 304 into the answer of another tab.
      const answer = await fetch(url, { headers, signal: limit, cache: "no-store" });
      if (answer.ok) {
        const job = (await answer.json()) as Job;
        etag = answer.headers.get("ETag");
        return { ...NOTHING, job };
      }
      const retryAfterS = Number(answer.headers.get("Retry-After") ?? 0);
      return {
        job: null,
        refused: REFUSED[answer.status] ?? null,
        retryAfterMs: retryAfterS > 0 ? retryAfterS * 1000 : 0,
      };
    } catch {
      return NOTHING;
    }
  };
}
