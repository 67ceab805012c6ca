import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Job, readJob } from "../../lib/api";
import { useToken } from "../../lib/token";
import { type UseJobProgress, useJobProgress } from "./useJobProgress";

export interface WatchedJob {
  live: UseJobProgress;
  /** What only REST tells: title and times; it may be a moment behind `live`. */
  details: Job | undefined;
}

/**
 * A job with its live progress.
 *
 * Whoever opens the next attempt of an ended job (a retry, other options) invalidates the query
 * `["job", jobId]`; the same is found when the window is looked at again.
 */
export function useJob(jobId: string): WatchedJob {
  const client = useQueryClient();
  const live = useJobProgress(jobId, { token: useToken() });
  const { data: details } = useQuery({
    queryKey: ["job", jobId],
    queryFn: ({ signal }) => readJob(jobId, signal),
    refetchOnWindowFocus: "always",
  });

  const { attempt, status, stage, stopped, resume } = live;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is a reason to ask again
  useEffect(() => {
    if (!attempt) return;
    void client.invalidateQueries({ queryKey: ["job", jobId] });
    if (status !== "processing") void client.invalidateQueries({ queryKey: ["jobs"] });
  }, [client, jobId, attempt, status, stage]);

  const hasNext = stopped === "ended" && details !== undefined && details.attempt > attempt;
  useEffect(() => {
    if (hasNext) resume();
  }, [hasNext, resume]);

  return { live, details };
}
