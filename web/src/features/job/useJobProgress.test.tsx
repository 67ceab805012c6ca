import { act, renderHook, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { expect, test, vi } from "vitest";
import { completed, failed, JOB_ID, progress, ScriptedJob } from "../../test/scriptedJob";
import { useJobProgress } from "./useJobProgress";

test("it tells progress, status and error as the job goes on", async () => {
  const job = new ScriptedJob();
  const { result } = renderHook(() => useJobProgress(JOB_ID));
  expect(result.current).toMatchObject({ progress: 0, status: "connecting", error: null });
  await waitFor(() => expect(result.current.status).toBe("processing"));
  act(() => job.emit(progress(1, 45)));
  await waitFor(() => expect(result.current.progress).toBe(45));
  act(() => job.emit(failed(2)));
  await waitFor(() => expect(result.current.status).toBe("failed"));
  expect(result.current).toMatchObject({ progress: 45, error: "The GPU ran out of memory." });
});

test("in StrictMode there is one socket", async () => {
  const job = new ScriptedJob();
  const { result } = renderHook(() => useJobProgress(JOB_ID), { wrapper: StrictMode });
  await waitFor(() => expect(result.current.connection).toBe("live"));
  act(() => job.emit(completed(1)));
  await waitFor(() => expect(result.current.connection).toBe("closed"));
  expect([job.resumedAfter, job.mostOpen, job.polls]).toEqual([[null], 1, 0]);
});

test("a component that goes takes its socket with it", async () => {
  const job = new ScriptedJob();
  const { result, unmount } = renderHook(() => useJobProgress(JOB_ID));
  await waitFor(() => expect(result.current.connection).toBe("live"));
  unmount();
  await vi.waitFor(() => expect(job.open.size).toBe(0));
});

test("a render without news gives the same object", async () => {
  new ScriptedJob();
  const { result, rerender } = renderHook(() => useJobProgress(JOB_ID));
  await waitFor(() => expect(result.current.status).toBe("processing"));
  const before = result.current;
  rerender();
  expect(result.current).toBe(before);
});
