import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Job } from "../../lib/api";
import { type Search, searchJobs } from "./api";

/** While something runs the list is asked again; a socket for each of its jobs would be too many. */
export const RUNNING_INTERVAL_MS = 2000;
const TYPING_MS = 250;

export function isRunning(job: Job): boolean {
  return job.status === "queued" || job.status === "processing";
}

/** The jobs that a search finds, page by page, with the state of those that run. */
export function useLibrary(search: Search) {
  const words = useSettled(search.words.trim(), TYPING_MS);
  const settled = { words, shown: search.shown };
  const query = useInfiniteQuery({
    queryKey: ["jobs", "library", settled],
    queryFn: ({ pageParam, signal }) => searchJobs(settled, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.jobs.some(isRunning)) ? RUNNING_INTERVAL_MS : false,
  });
  return { ...query, jobs: query.data?.pages.flatMap((page) => page.jobs) };
}

/** A value, once it has not changed for a while. */
function useSettled(value: string, wait_ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait_ms);
    return () => clearTimeout(timer);
  }, [value, wait_ms]);
  return settled;
}
