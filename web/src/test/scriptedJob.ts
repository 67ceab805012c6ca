import { HttpResponse, http, ws } from "msw";
import type { components } from "../wire/api";
import type { Completed, Failed, Progress } from "../wire/messages";
import { server } from "./server";

type Job = components["schemas"]["Job"];
type JobEvent = Progress | Completed | Failed;
type Client = Parameters<
  Parameters<ReturnType<typeof ws.link>["addEventListener"]>[1]
>[0]["client"];

export const JOB_ID = "550e8400-e29b-41d4-a716-446655440000";
export const RUN_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const STREAM = ws.link(`ws://localhost:3000/api/v1/jobs/${JOB_ID}/stream`);
const AT = "2025-01-15T10:30:45Z";

const base = { job_id: JOB_ID, attempt: 1, timestamp: AT };

export function progress(id: number, percent: number, more: Partial<Progress> = {}): Progress {
  const message = `${percent} percent`;
  return {
    ...base,
    type: "progress",
    id,
    progress: percent,
    stage: "separation",
    message,
    ...more,
  };
}

export function completed(id: number): Completed {
  const result_url = `/api/v1/scores/${JOB_ID}`;
  return { ...base, type: "completed", id, progress: 100, result_url, duration_seconds: 9 };
}

export function failed(id: number, error: Partial<Failed["error"]> = {}): Failed {
  const why = { message: "The GPU ran out of memory.", retryable: true, code: "out_of_memory" };
  return { ...base, type: "error", id, error: { ...why, stage: "separation", ...error } as never };
}

/** A job on a server that keeps [W1] and [W4], and can be told to misbehave. */
export class ScriptedJob {
  readonly events: JobEvent[] = [];
  /** What each connection asked for, in order; null without `after`. */
  readonly resumedAfter: (number | null)[] = [];
  readonly protocols: (string | string[] | undefined)[] = [];
  readonly heard: unknown[] = [];
  readonly open = new Set<Client>();
  polls = 0;
  pollsBesideSocket = 0;
  mostOpen = 0;
  /** Closes each new connection with this before it opens; 1006 stands for a refused handshake. */
  refuseWith: number | null = null;
  /** Answers polls with this status. */
  pollStatus = 200;
  pollHeaders: Record<string, string> = {};

  constructor() {
    server.use(
      STREAM.addEventListener("connection", ({ client, info }) => {
        const after = client.url.searchParams.get("after");
        this.resumedAfter.push(after === null ? null : Number(after));
        this.protocols.push(info.protocols);
        if (this.refuseWith) return client.close(this.refuseWith);
        this.open.add(client);
        this.mostOpen = Math.max(this.mostOpen, this.open.size);
        client.addEventListener("close", () => this.open.delete(client));
        client.addEventListener("message", ({ data }) => this.heard.push(JSON.parse(String(data))));
        this.greet(client, after === null ? null : Number(after));
      }),
      http.get(`/api/v1/jobs/${JOB_ID}`, () => {
        this.polls += 1;
        this.pollsBesideSocket += this.open.size;
        const { pollStatus: status, pollHeaders: headers } = this;
        return status === 200
          ? HttpResponse.json(this.job(), { headers })
          : HttpResponse.text("", { status, headers });
      }),
    );
  }

  /** Stores an event, and tells everyone who watches. */
  emit(event: JobEvent): void {
    this.events.push(event);
    for (const client of this.open) this.tell(client, event);
  }

  /** Sends a frame that is no event of the job. */
  say(frame: unknown): void {
    for (const client of this.open) client.send(JSON.stringify(frame));
  }

  /** Ends every connection. */
  close(code: number): void {
    for (const client of this.open) client.close(code);
    this.open.clear();
  }

  job(): Job {
    const newest = this.events.at(-1);
    const steps = this.events.filter((event) => event.type === "progress");
    return {
      ...{ job_id: JOB_ID, created_at: AT, started_at: null, completed_at: null, failed_at: null },
      status: !newest ? "queued" : newest.type === "error" ? "failed" : statusOf(newest),
      progress: newest?.type === "completed" ? 100 : (steps.at(-1)?.progress ?? 0),
      stage: steps.at(-1)?.stage ?? null,
      message: steps.at(-1)?.message ?? "Queued",
      attempt: newest?.attempt ?? 1,
      duration_seconds: null,
      result_url: newest?.type === "completed" ? newest.result_url : null,
      error: newest?.type === "error" ? newest.error : null,
      last_event_id: newest?.id ?? 0,
      flow_run_id: RUN_ID,
    };
  }

  private greet(client: Client, after: number | null): void {
    const owed =
      after === null
        ? [this.events.at(-1) ?? progress(0, 0, { stage: null, message: "Queued" })]
        : this.events.filter((event) => event.id > after);
    for (const event of owed) this.tell(client, event);
    const newest = this.events.at(-1);
    if (!owed.length && newest && newest.type !== "progress") client.close(1000);
  }

  private tell(client: Client, event: JobEvent): void {
    client.send(JSON.stringify(event));
    // A close overtakes what was sent in the same turn, here alone: on a wire it cannot.
    if (event.type !== "progress") setTimeout(() => client.close(1000), 0);
  }
}

function statusOf(event: Progress | Completed): "processing" | "completed" {
  return event.type === "completed" ? "completed" : "processing";
}
