/** Requests to our own server: the token, and problem documents as typed errors. */

import type { components } from "../wire/api";
import { readToken } from "./token";

export type Problem = components["schemas"]["Problem"];
export type FieldError = components["schemas"]["FieldError"];

/** An answer that refuses the request, or none at all (`status` 0). */
export class HttpError extends Error {
  override name = "HttpError";

  constructor(
    message: string,
    readonly status: number,
    readonly problem: Problem | null = null,
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }

  /** What is wrong with each field, by its path in the request. */
  get fields(): readonly FieldError[] {
    return this.problem?.errors ?? [];
  }
}

/** Whether asking again is of no use. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof HttpError) || error.status < 400) return false;
  return error.problem ? !error.problem.retryable : error.status < 500;
}

/** What every request carries. */
export function authorization(): Record<string, string> {
  const token = readToken();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/**
 * Sends a request to our own server.
 *
 * @throws {HttpError} where the answer is not a success, or none came.
 */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers: { ...authorization(), ...init.headers } });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw unreachable();
  }
  if (answer.ok || answer.status === 304) return answer;
  throw refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
}

/** As `request`, with the body as JSON. */
export async function requestJson<T>(path: string, init?: RequestInit): Promise<T> {
  return (await request(path, init)).json() as Promise<T>;
}

export function unreachable(): HttpError {
  return new HttpError("The server cannot be reached. Check that it runs, and try again.", 0);
}

/** Reads a refusal; a proxy before the server may answer with something else than a problem. */
export function refusal(status: number, body: string, retryAfter: string | null): HttpError {
  const problem = parseProblem(body);
  const wait = Number(retryAfter);
  const message = problem?.detail ?? `The server answered with ${status}. Try again in a moment.`;
  return new HttpError(message, status, problem, retryAfter && wait >= 0 ? wait : null);
}

function parseProblem(body: string): Problem | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && "code" in parsed
      ? (parsed as Problem)
      : null;
  } catch {
    return null;
  }
}
