import { useEffect, useMemo, useSyncExternalStore } from "react";
import { type JobProgress, JobSocket } from "../../lib/jobSocket";

export interface UseJobProgressOptions {
  /** The server's address; this page's own without it. */
  baseUrl?: string;
  /** A JSON Web Token, for a server that asks for one. */
  token?: string | null;
}

export interface UseJobProgress extends JobProgress {
  /** Watches again after the end: call it once a retry was asked for. */
  resume: () => void;
}

/** Watches a job for as long as the component is shown, with one socket at a time. */
export function useJobProgress(
  jobId: string,
  { baseUrl, token }: UseJobProgressOptions = {},
): UseJobProgress {
  const socket = useMemo(() => new JobSocket(jobId, { baseUrl, token }), [jobId, baseUrl, token]);
  useEffect(() => {
    socket.start();
    return () => socket.stop();
  }, [socket]);
  const progress = useSyncExternalStore(socket.subscribe, socket.read);
  return useMemo(() => ({ ...progress, resume: socket.resume }), [progress, socket]);
}
