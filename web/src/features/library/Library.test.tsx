import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Job } from "../../lib/api";
import { server } from "../../test/server";
import Library from "./Library";

const PAGE_SIZE = 20;
let jobs: Job[];
let asked: URLSearchParams[];

function job(number: number, change: Partial<Job> = {}): Job {
  return {
    job_id: `00000000-0000-4000-8000-${`${number}`.padStart(12, "0")}`,
    status: "completed",
    progress: 100,
    stage: "musicxml",
    message: "",
    attempt: 1,
    created_at: "2026-01-02T03:04:05Z",
    started_at: null,
    completed_at: null,
    failed_at: null,
    duration_seconds: null,
    result_url: null,
    error: null,
    last_event_id: 1,
    title: `Study ${number}`,
    ...change,
  };
}

beforeEach(() => {
  jobs = [job(1), job(2), job(3)];
  asked = [];
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
  server.use(
    http.get("*/api/v1/jobs", ({ request }) => {
      const query = new URL(request.url).searchParams;
      asked.push(query);
      const statuses = query.getAll("status");
      const found = jobs.filter(
        ({ title, status }) =>
          title?.includes(query.get("q") ?? "") &&
          (statuses.length === 0 || statuses.includes(status)),
      );
      const from = Number(query.get("cursor") ?? 0);
      const to = from + PAGE_SIZE;
      return HttpResponse.json({
        jobs: found.slice(from, to),
        next_cursor: to < found.length ? `${to}` : null,
      });
    }),
    http.patch("*/api/v1/jobs/:id", async ({ params, request }) => {
      const { title } = (await request.json()) as { title: string };
      jobs = jobs.map((each) => (each.job_id === params.id ? { ...each, title } : each));
      return HttpResponse.json(jobs.find((each) => each.job_id === params.id));
    }),
    http.delete("*/api/v1/jobs/:id", ({ params }) => {
      jobs = jobs.filter((each) => each.job_id !== params.id);
      return new HttpResponse(null, { status: 204 });
    }),
  );
});

function open() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <Library />
    </QueryClientProvider>,
  );
}

const titles = async () =>
  (await screen.findAllByRole("listitem")).map((row) => within(row).getByRole("link").textContent);

describe("Library", () => {
  it("lists jobs, and more of them when asked", async () => {
    jobs = Array.from({ length: 23 }, (_, index) => job(index + 1));
    open();
    expect(await titles()).toHaveLength(20);
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    await waitFor(async () => expect(await titles()).toHaveLength(23));
    expect(screen.queryByRole("button", { name: "Show more" })).toBeNull();
  });

  it("asks for a title once it is typed, and for a status at once", async () => {
    open();
    await titles();
    await userEvent.type(screen.getByRole("searchbox"), "Study 2");
    await waitFor(async () => expect(await titles()).toEqual(["Study 2"]));
    expect(asked.map((query) => query.get("q"))).toEqual([null, "Study 2"]);
    await userEvent.click(screen.getByRole("radio", { name: "At work" }));
    expect(await screen.findByText("Nothing fits this search.")).toBeDefined();
    expect(asked.at(-1)?.getAll("status")).toEqual(["queued", "processing"]);
  });

  it("keeps what runs up to date by asking again, and no longer than it runs", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    jobs = [job(1, { status: "processing", progress: 40, message: "Transcribing" })];
    open();
    expect(await screen.findByText("Transcribing, 40 %")).toBeDefined();
    jobs = [job(1)];
    await vi.advanceTimersByTimeAsync(2100);
    await waitFor(() => expect(screen.queryByText("Transcribing, 40 %")).toBeNull());
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(before);
    vi.useRealTimers();
  });

  it("renames a job", async () => {
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Rename Study 2" }));
    await userEvent.clear(screen.getByLabelText("New title"));
    await userEvent.type(screen.getByLabelText("New title"), "Nocturne{Enter}");
    await waitFor(async () => expect(await titles()).toEqual(["Study 1", "Nocturne", "Study 3"]));
    expect(screen.getByRole("status").textContent).toBe("Renamed to Nocturne.");
  });

  it("leaves a title as it was on Escape", async () => {
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Rename Study 2" }));
    await userEvent.type(screen.getByLabelText("New title"), "x{Escape}");
    expect(await titles()).toEqual(["Study 1", "Study 2", "Study 3"]);
  });

  it("deletes a job only once that is confirmed", async () => {
    open();
    await userEvent.click(await screen.findByRole("button", { name: "Delete Study 2" }));
    const dialog = within(screen.getByRole("dialog", { name: "Delete Study 2?" }));
    await userEvent.click(dialog.getByRole("button", { name: "Keep it" }));
    expect(jobs).toHaveLength(3);
    await userEvent.click(screen.getByRole("button", { name: "Delete Study 2" }));
    await userEvent.click(dialog.getByRole("button", { name: "Delete it" }));
    await waitFor(async () => expect(await titles()).toEqual(["Study 1", "Study 3"]));
  });

  it("says why a job failed, and that one was cancelled", async () => {
    const error = { message: "It is silent.", retryable: false, stage: null };
    jobs = [
      job(1, { status: "failed", error: { ...error, code: "silent_audio" } }),
      job(2, { status: "failed", error: { ...error, code: "cancelled" } }),
    ];
    open();
    expect(await screen.findByText("Failed: It is silent.")).toBeDefined();
    expect(screen.getByText("Cancelled")).toBeDefined();
  });

  it("copies a link that can be shared", async () => {
    const user = userEvent.setup();
    open();
    await user.click(await screen.findByRole("button", { name: "Copy link to Study 1" }));
    const copied = await navigator.clipboard.readText();
    expect(copied).toBe(`${window.location.origin}/jobs/${jobs[0]?.job_id}`);
    expect(screen.getByRole("status").textContent).toBe("The link to Study 1 was copied.");
  });
});
