/** The REST requests of the page. */

import type { components } from "../wire/api";
import { requestJson } from "./http";

export type Job = components["schemas"]["Job"];
export type JobPage = components["schemas"]["JobPage"];

export function listJobs(signal?: AbortSignal): Promise<JobPage> {
  return requestJson("/api/v1/jobs?limit=8", { signal });
}

export function readJob(jobId: string, signal?: AbortSignal): Promise<Job> {
  return requestJson(`/api/v1/jobs/${jobId}`, { signal });
}
