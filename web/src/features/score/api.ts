/** The requests of the score's page. */

import { request, requestJson } from "../../lib/http";
import type { components } from "../../wire/api";
import type { Playback } from "./player/playback";

export type Layout = "pages" | "continuous";

/** How the score is to be engraved. */
export interface Look {
  width: number;
  scale: number;
  transpose: number;
  layout: Layout;
}

/** A score as pictures: SVG, in order. */
export type Engraving = components["schemas"]["Engraving"];

/** What may be changed without transcribing again. */
export type Revision = components["schemas"]["Revision"];

/** A sound file of one instrument. */
export type Stem = components["schemas"]["StemFile"];

export function readPages(jobId: string, look: Look, signal?: AbortSignal): Promise<Engraving> {
  const query = new URLSearchParams(
    Object.entries(look).map(([name, value]) => [name, `${value}`]),
  );
  return requestJson(`/api/v1/scores/${jobId}/pages?${query}`, { signal });
}

export function readPlayback(jobId: string, signal?: AbortSignal): Promise<Playback> {
  return requestJson(`/api/v1/scores/${jobId}/playback`, { signal });
}

export async function listStems(jobId: string, signal?: AbortSignal): Promise<Stem[]> {
  const answer = await requestJson<{ stems: Stem[] }>(`/api/v1/scores/${jobId}/stems`, { signal });
  return answer.stems;
}

export async function revise(jobId: string, revision: Revision): Promise<void> {
  await request(`/api/v1/jobs/${jobId}/revise`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(revision),
  });
}

export function recordingPath(jobId: string): string {
  return `/api/v1/jobs/${jobId}/recording`;
}
