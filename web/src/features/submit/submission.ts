/** Hands a recording in. */

import type { JobAccepted } from "../../lib/api";
import { authorization, HttpError, refusal, requestJson, unreachable } from "../../lib/http";

export type Recording = { kind: "link"; url: string } | { kind: "file"; file: File };

export interface Submission {
  recording: Recording;
  options: Record<string, unknown>;
  /** The same for every try at one submission, so that it makes one job. */
  idempotencyKey: string;
  signal: AbortSignal;
  /** Told how much of a file has been sent, 0-1. */
  onSent: (share: number) => void;
}

export const EXAMPLE = {
  url: "/samples/petzold-menuet.ogg",
  name: "petzold-menuet.ogg",
  options: { recording: "solo", instruments: ["piano"], title: "Menuet in G" },
};

/** A key that nobody else has; `crypto.randomUUID` is missing where there is no TLS. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Submits a recording.
 *
 * @throws {HttpError} where it was refused, or nobody answered; an AbortError where it was stopped.
 */
export function submit(submission: Submission): Promise<JobAccepted> {
  return submission.recording.kind === "link"
    ? submitLink(submission, submission.recording.url)
    : upload(submission, submission.recording.file);
}

/** Fetches the example from our own server. */
export async function fetchExample(signal: AbortSignal): Promise<File> {
  const answer = await fetch(EXAMPLE.url, { signal });
  if (!answer.ok) throw new HttpError("The example is not on this server.", answer.status);
  return new File([await answer.blob()], EXAMPLE.name, { type: "audio/ogg" });
}

function submitLink(submission: Submission, url: string): Promise<JobAccepted> {
  return requestJson("/api/v1/transcribe", {
    method: "POST",
    signal: submission.signal,
    headers: { "Content-Type": "application/json", "Idempotency-Key": submission.idempotencyKey },
    body: JSON.stringify({ youtube_url: url, options: submission.options }),
  });
}

// Not fetch: no browser tells how much of a body it has sent, but through XMLHttpRequest.
function upload(submission: Submission, file: File): Promise<JobAccepted> {
  const form = new FormData();
  form.append("options", JSON.stringify(submission.options));
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", "/api/v1/transcribe/upload");
    sending.setRequestHeader("Idempotency-Key", submission.idempotencyKey);
    for (const [name, value] of Object.entries(authorization()))
      sending.setRequestHeader(name, value);
    sending.upload.onprogress = ({ loaded, total }) =>
      submission.onSent(total ? loaded / total : 0);
    sending.onload = () => {
      const { status, responseText } = sending;
      if (status < 300) resolve(JSON.parse(responseText) as JobAccepted);
      else reject(refusal(status, responseText, sending.getResponseHeader("Retry-After")));
    };
    sending.onerror = () => reject(unreachable());
    sending.onabort = () => reject(new DOMException("Stopped", "AbortError"));
    submission.signal.addEventListener("abort", () => sending.abort(), { once: true });
    sending.send(form);
  });
}
