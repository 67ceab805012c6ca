import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import { HttpError } from "../../lib/http";
import { EXAMPLE, fetchExample, newIdempotencyKey, type Recording, submit } from "./submission";
import type { Faults } from "./wishes";

export interface Sending {
  /** What is being sent, for people. */
  name: string;
  /** How much of it has been, 0-1; null where that cannot be told. */
  sent: number | null;
}

/** Submits one recording at a time, then goes to its job. */
export function useSubmission() {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [sending, setSending] = useState<Sending | null>(null);
  const [faults, setFaults] = useState<Faults>({});
  const stopping = useRef<AbortController>(undefined);
  const last = useRef({ what: "", key: "" });

  /** The same key for the same recording and options, until it was taken. */
  const keyFor = (recording: Recording, options: object) => {
    const source =
      recording.kind === "link"
        ? recording.url
        : [recording.file.name, recording.file.size, recording.file.lastModified];
    const what = JSON.stringify([source, options]);
    if (last.current.what !== what) last.current = { what, key: newIdempotencyKey() };
    return last.current.key;
  };

  const run = async (name: string, work: (signal: AbortSignal) => Promise<string>) => {
    const stop = new AbortController();
    stopping.current = stop;
    setFaults({});
    setSending({ name, sent: null });
    try {
      const jobId = await work(stop.signal);
      void client.invalidateQueries({ queryKey: ["jobs"] });
      navigate(`/jobs/${jobId}`);
    } catch (error) {
      if (!stop.signal.aborted) setFaults(faultsIn(error));
    } finally {
      setSending(null);
    }
  };

  const send = async (recording: Recording, options: object, signal: AbortSignal) => {
    const idempotencyKey = keyFor(recording, options);
    const onSent = (sent: number) => setSending((now) => now && { ...now, sent });
    const told = { ...options } as Record<string, unknown>;
    const { job_id } = await submit({ recording, options: told, idempotencyKey, signal, onSent });
    last.current = { what: "", key: "" };
    return job_id;
  };

  return {
    sending,
    faults,
    setFaults,
    submit: (recording: Recording, options: object) =>
      run(recording.kind === "link" ? recording.url : recording.file.name, (signal) =>
        send(recording, options, signal),
      ),
    submitExample: () =>
      run(EXAMPLE.name, async (signal) => {
        const file = await fetchExample(signal);
        return send({ kind: "file", file }, EXAMPLE.options, signal);
      }),
    stop: () => stopping.current?.abort(),
  };
}

/** The server's words by field; `""` has what belongs to none. */
function faultsIn(error: unknown): Faults {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HttpError) || !error.fields.length) return { "": message };
  return Object.fromEntries(error.fields.map(({ field, message }) => [field, message]));
}
