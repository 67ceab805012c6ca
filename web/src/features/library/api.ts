/** The requests of the library. */

import type { JobPage } from "../../lib/api";
import { request, requestJson } from "../../lib/http";

const PAGE_SIZE = 20;

/** Which jobs are shown: all of them, or those that run, are done, or failed. */
export type Shown = "all" | "running" | "completed" | "failed";

const STATUSES: Record<Shown, readonly string[]> = {
  all: [],
  running: ["queued", "processing"],
  completed: ["completed"],
  failed: ["failed"],
};

export interface Search {
  words: string;
  shown: Shown;
}

export function searchJobs(
  { words, shown }: Search,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<JobPage> {
  const query = new URLSearchParams({ limit: `${PAGE_SIZE}` });
  if (words !== "") query.set("q", words);
  for (const status of STATUSES[shown]) query.append("status", status);
  if (cursor !== null) query.set("cursor", cursor);
  return requestJson(`/api/v1/jobs?${query}`, { signal });
}

export async function renameJob(jobId: string, title: string): Promise<void> {
  await request(`/api/v1/jobs/${jobId}`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title }),
  });
}

export async function deleteJob(jobId: string): Promise<void> {
  await request(`/api/v1/jobs/${jobId}`, { method: "DELETE" });
}
