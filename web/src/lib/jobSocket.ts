/**
 * Watches one job: over its WebSocket, and by polling while there is none.
 *
 * One object decides between socket, waiting, polling and stopping, because each rules the others
 * out. It knows nothing of React. Socket libraries reconnect, but none of them also polls, resumes
 * after an event and stops at the codes that mean stop; wrapping one took more code than this.
 */

import type { Pong } from "../wire/messages";
import { afterEvent, afterPoll, decode, hasEnded, type JobState, UNKNOWN } from "./jobProgress";
import { type JobReader, jobReader } from "./jobReader";

/** How news of the job come in; it says nothing about the job itself. */
export type Connection = "connecting" | "live" | "reconnecting" | "polling" | "closed";

/** Why nothing more is expected: the attempt ended, or the server will not tell. */
export type Stopped = "ended" | "not_found" | "not_authenticated" | "refused";

export interface JobProgress extends JobState {
  connection: Connection;
  stopped: Stopped | null;
  /** What to tell a person: why the job failed, or why it cannot be watched. */
  error: string | null;
}

export const TIMING = {
  /** No reconnect comes sooner. */
  floorMs: 250,
  /** The n-th reconnect comes within `baseMs * 2 ** n`, at a random moment (full jitter) … */
  baseMs: 1_000,
  /** … and within this. */
  capMs: 10_000,
  /** So often a lost socket is opened again before polling takes over. */
  maxReconnects: 5,
  /** A handshake that takes longer has failed. */
  openMs: 10_000,
  /** Two heartbeats and 15 s: what the server itself takes for a lost connection. */
  silenceMs: 75_000,
  pollMs: 2_000,
  /** While polling, the socket is tried again within this. */
  socketRetryMs: 30_000,
};

export interface JobSocketOptions {
  /** The server's address; this page's own without it. */
  baseUrl?: string | undefined;
  /** A JSON Web Token, for a server that asks for one. */
  token?: string | null | undefined;
  timing?: Partial<typeof TIMING>;
  random?: () => number;
}

/** Close codes that mean stop; with any other, one reconnects. */
const STOP_CODES: Record<number, Stopped> = {
  1009: "refused",
  4400: "refused",
  4401: "not_authenticated",
  4404: "not_found",
};

const REFUSALS: Record<Exclude<Stopped, "ended">, string> = {
  not_found: "There is no such job, or it is not yours. Check the address.",
  not_authenticated: "The server asks for a token that counts. Get a new one.",
  refused: "The server refuses to show this job. Check the address.",
};

/** A JSON Web Token; a WebSocket throws at a subprotocol with any other character. */
const TOKEN = /^[\w.-]+$/;

type Timer = "reconnect" | "poll" | "silence";

export class JobSocket {
  readonly #base: URL;
  readonly #jobId: string;
  readonly #token: string | null;
  readonly #timing: typeof TIMING;
  readonly #random: () => number;
  readonly #read: JobReader;
  readonly #listeners = new Set<() => void>();
  readonly #timers = new Map<Timer, ReturnType<typeof setTimeout>>();

  #job: JobState = UNKNOWN;
  #snapshot: JobProgress = shown(UNKNOWN, "connecting", null);
  #socket: WebSocket | null = null;
  #reading: AbortController | null = null;
  #running = false;
  /** Sockets that were lost since the last frame. */
  #losses = 0;
  #heardAt = 0;

  constructor(jobId: string, options: JobSocketOptions = {}) {
    this.#jobId = jobId;
    this.#base = new URL(options.baseUrl ?? location.origin);
    this.#token = options.token ?? null;
    this.#timing = { ...TIMING, ...options.timing };
    this.#random = options.random ?? Math.random;
    this.#read = jobReader(new URL(`/api/v1/jobs/${jobId}`, this.#base), this.#token);
  }

  /** The newest state: the same object until something changes. */
  read = (): JobProgress => this.#snapshot;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Begins to watch; what stop() follows in the same turn opens no socket. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    addEventListener("online", this.#onOnline);
    document.addEventListener("visibilitychange", this.#onVisibility);
    if (!this.#snapshot.stopped) this.#after("reconnect", 0, this.#connect);
  }

  /** Lets go of everything; start() goes on after the newest event. */
  stop(): void {
    this.#running = false;
    removeEventListener("online", this.#onOnline);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#release();
    if (this.#snapshot.stopped) return;
    const unheard = this.#job.status === "connecting";
    this.#snapshot = shown(this.#job, unheard ? "connecting" : "reconnecting", null);
  }

  /** Watches again after the end: once a retry was asked for. */
  resume = (): void => {
    if (!this.#running || !this.#snapshot.stopped) return;
    this.#losses = 0;
    this.#show("reconnecting", null);
    this.#connect();
  };

  #connect = (): void => {
    this.#clear("reconnect");
    this.#orphan();
    if (this.#token && !TOKEN.test(this.#token)) {
      this.#finish("not_authenticated");
      return;
    }
    const socket = new WebSocket(this.#streamUrl(), this.#protocols());
    this.#socket = socket;
    let opened = false;
    this.#after("silence", this.#timing.openMs, () => this.#lost(opened));
    socket.onopen = () => {
      opened = true;
      this.#heard();
      this.#stopPolling();
      this.#show("live", null);
    };
    socket.onmessage = ({ data }) => this.#onFrame(data);
    socket.onclose = ({ code }) => {
      const stop = STOP_CODES[code];
      if (stop) this.#finish(stop);
      else if (code === 1000 && hasEnded(this.#job)) this.#finish("ended");
      else this.#lost(opened);
    };
  };

  #onFrame(frame: unknown): void {
    this.#heard();
    this.#losses = 0;
    const message = decode(frame);
    if (message === null) return;
    if (message.type === "heartbeat") {
      const pong: Pong = { type: "pong", timestamp: new Date().toISOString() };
      this.#socket?.send(JSON.stringify(pong));
      return;
    }
    // After a terminal event the server closes, or goes on with the attempt that followed it.
    this.#know(afterEvent(this.#job, message));
  }

  #heard(): void {
    this.#heardAt = Date.now();
    this.#after("silence", this.#timing.silenceMs, () => this.#lost(true));
  }

  #lost(opened: boolean): void {
    this.#orphan();
    this.#losses += 1;
    const { floorMs, baseMs, capMs, maxReconnects, socketRetryMs } = this.#timing;
    if (this.#losses > maxReconnects) {
      this.#after("reconnect", socketRetryMs * (0.5 + this.#random() / 2), this.#connect);
      if (this.#snapshot.connection === "polling") return;
      this.#show("polling", null);
      this.#poll();
      return;
    }
    const within = Math.min(capMs, baseMs * 2 ** this.#losses);
    this.#after("reconnect", Math.max(floorMs, this.#random() * within), this.#connect);
    this.#show("reconnecting", null);
    // A browser hides why a handshake was refused (429, 403); polling tells, and is not limited.
    if (!opened) this.#poll();
  }

  #poll = async (): Promise<void> => {
    this.#stopPolling();
    const reading = new AbortController();
    this.#reading = reading;
    const answer = await this.#read(reading.signal);
    if (reading.signal.aborted) return;
    if (answer.job) this.#know(afterPoll(this.#job, answer.job));
    if (answer.refused) this.#finish(answer.refused);
    else if (answer.job && hasEnded(this.#job)) this.#finish("ended");
    else if (this.#snapshot.connection === "polling")
      this.#after("poll", Math.max(this.#timing.pollMs, answer.retryAfterMs), this.#poll);
  };

  #onOnline = (): void => {
    // The network is another one, so a socket that looks open may not be.
    if (this.#snapshot.stopped) return;
    this.#losses = 0;
    if (this.#snapshot.connection === "live") this.#show("reconnecting", null);
    this.#connect();
  };

  #onVisibility = (): void => {
    if (document.visibilityState !== "visible" || this.#snapshot.stopped) return;
    const opening = this.#socket?.readyState === WebSocket.CONNECTING;
    // A laptop that slept past a heartbeat has a socket that only looks open.
    const heard = Date.now() - this.#heardAt < this.#timing.silenceMs / 2;
    if (opening || (this.#snapshot.connection === "live" && heard)) return;
    this.#onOnline();
  };

  #finish(stopped: Stopped): void {
    this.#release();
    this.#show("closed", stopped);
  }

  #know(job: JobState): void {
    if (job === this.#job) return;
    this.#job = job;
    this.#show(this.#snapshot.connection, this.#snapshot.stopped);
  }

  #show(connection: Connection, stopped: Stopped | null): void {
    this.#snapshot = shown(this.#job, connection, stopped);
    for (const listener of this.#listeners) listener();
  }

  /** Takes its say from a socket, so that none which was replaced is ever listened to. */
  #orphan(): void {
    this.#clear("silence");
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #stopPolling(): void {
    this.#clear("poll");
    this.#reading?.abort();
    this.#reading = null;
  }

  #release(): void {
    this.#orphan();
    this.#stopPolling();
    this.#clear("reconnect");
  }

  #after(timer: Timer, ms: number, action: () => void): void {
    this.#clear(timer);
    this.#timers.set(timer, setTimeout(action, ms));
  }

  #clear(timer: Timer): void {
    clearTimeout(this.#timers.get(timer));
    this.#timers.delete(timer);
  }

  #streamUrl(): URL {
    const url = new URL(`/api/v1/jobs/${this.#jobId}/stream`, this.#base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (this.#job.lastEventId !== null) url.searchParams.set("after", `${this.#job.lastEventId}`);
    return url;
  }

  #protocols(): string[] {
    // By subprotocol, as addresses end up in logs and a browser's socket sends no header.
    return this.#token ? ["scorewire.v1", `bearer.${this.#token}`] : [];
  }
}

function shown(job: JobState, connection: Connection, stopped: Stopped | null): JobProgress {
  const refusal = stopped && stopped !== "ended" ? REFUSALS[stopped] : null;
  return { ...job, connection, stopped, error: job.failure?.message ?? refusal };
}
