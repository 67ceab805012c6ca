/** The REST requests of the page. */

import type { components } from "../wire/api";
import { request, requestJson } from "./http";

export type Job = components["schemas"]["Job"];
export type JobAccepted = components["schemas"]["JobAccepted"];
export type JobPage = components["schemas"]["JobPage"];
export type ServerInfo = components["schemas"]["ServerInfo"];

export interface Estimate {
  remaining_s: number | null;
  elapsed_s: number | null;
}

export function listJobs(signal?: AbortSignal): Promise<JobPage> {
  return requestJson("/api/v1/jobs?limit=8", { signal });
}

export function readJob(jobId: string, signal?: AbortSignal): Promise<Job> {
  return requestJson(`/api/v1/jobs/${jobId}`, { signal });
}

export function readEstimate(jobId: string, signal?: AbortSignal): Promise<Estimate> {
  return requestJson(`/api/v1/jobs/${jobId}/estimate`, { signal });
}

export function readServer(signal?: AbortSignal): Promise<ServerInfo> {
  return requestJson("/api/v1/server", { signal });
}

export async function cancelJob(jobId: string): Promise<void> {
  await request(`/api/v1/jobs/${jobId}/cancel`, { method: "POST" });
}

export async function retryJob(jobId: string): Promise<void> {
  await request(`/api/v1/jobs/${jobId}/retry`, { method: "POST" });
}
