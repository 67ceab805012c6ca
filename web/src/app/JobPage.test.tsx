import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import { renderAt } from "../test/render";
import { completed, failed, JOB_ID, progress, RUN_ID, ScriptedJob } from "../test/scriptedJob";
import { server } from "../test/server";
import { JobPage } from "./JobPage";

vi.mock("../features/score/ScoreView", () => ({
  default: () => <p>the score</p>,
}));

const NO_ESTIMATE = { remaining_s: null, elapsed_s: null };

function open(estimate: object = NO_ESTIMATE, prefectUrl: string | null = null): ScriptedJob {
  server.use(
    http.get(`/api/v1/jobs/${JOB_ID}/estimate`, () => HttpResponse.json(estimate)),
    http.get("/api/v1/server", () => HttpResponse.json({ prefect_ui_url: prefectUrl })),
  );
  const job = new ScriptedJob();
  renderAt(`/jobs/${JOB_ID}`, <JobPage jobId={JOB_ID} />);
  return job;
}

const bar = () => screen.getByRole("progressbar");

test("progress is shown with its message, in the staff's bars and in the tab", async () => {
  const job = open();
  await waitFor(() => expect(bar()).toHaveAccessibleName("Queued"));
  act(() => job.emit(progress(1, 60, { stage: "transcription", message: "Listened to 4 s" })));
  await waitFor(() => expect(bar()).toHaveValue(60));
  expect(bar()).toHaveAccessibleName("Listened to 4 s");
  expect(screen.getByText("Find the notes").closest("li")).toHaveAttribute("aria-current", "step");
  expect(screen.getByText("Take apart").closest("li")).toHaveTextContent("done");
  expect(document.title).toMatch(/^60 %/);
});

test("the run in Prefect is a click away, where the server tells of it", async () => {
  open(NO_ESTIMATE, "http://prefect.example:4200");
  const link = await screen.findByRole("link", { name: "The run in Prefect" });
  expect(link).toHaveAttribute("href", `http://prefect.example:4200/v2/runs/flow-run/${RUN_ID}`);
});

test("no run is spoken of on a server that does not tell of Prefect", async () => {
  open();
  await waitFor(() => expect(bar()).toHaveAccessibleName("Queued"));
  expect(screen.queryByText("The run in Prefect")).toBeNull();
});

test("the status speaks of a new stage, and not of each step", async () => {
  const job = open();
  const said: (string | null)[] = [];
  const status = await screen.findByRole("status");
  new MutationObserver(() => said.push(status.textContent)).observe(status, {
    characterData: true,
    childList: true,
    subtree: true,
  });
  const stages = ["separation", "separation", "separation", "transcription"] as const;
  for (const [index, stage] of stages.entries()) {
    act(() => job.emit(progress(index + 1, 20 + 15 * index, { stage })));
    await waitFor(() => expect(bar()).toHaveValue(20 + 15 * index));
  }
  expect(said).toEqual(["Take apart …", "Find the notes …"]);
});

test("an estimate is told roughly; without one nothing is", async () => {
  const job = open({ remaining_s: 130, elapsed_s: 4 });
  act(() => job.emit(progress(1, 20)));
  expect(await screen.findByText("about 2 minutes to go")).toBeVisible();
});

test("a job that still queues is not said to be nearly there", async () => {
  const job = open({ remaining_s: 1, elapsed_s: null });
  await waitFor(() => expect(bar()).toHaveAccessibleName("Queued"));
  expect(screen.queryByText("nearly there")).toBeNull();
  act(() => job.emit(progress(1, 95, { stage: "musicxml" })));
  expect(await screen.findByText("nearly there")).toBeVisible();
});

test("a lost connection is told as such, and the job goes on", async () => {
  const job = open();
  act(() => job.emit(progress(1, 20)));
  await waitFor(() => expect(bar()).toHaveValue(20));
  act(() => job.close(1012));
  expect(await screen.findByText(/Connecting again/)).toBeVisible();
  await waitFor(() => expect(screen.queryByText(/Connecting again/)).toBeNull(), { timeout: 4000 });
  expect(bar()).toHaveValue(20);
});

test("a job can be cancelled, and goes on when asked to", async () => {
  const job = open();
  const asked: string[] = [];
  server.use(
    http.post(`/api/v1/jobs/${JOB_ID}/cancel`, () => {
      asked.push("cancel");
      job.emit(failed(2, { code: "cancelled", message: "The job was cancelled." }));
      return HttpResponse.json({}, { status: 202 });
    }),
    http.post(`/api/v1/jobs/${JOB_ID}/retry`, () => {
      asked.push("retry");
      job.emit(progress(3, 0, { attempt: 2, stage: null, message: "Queued for attempt 2" }));
      return HttpResponse.json({}, { status: 202 });
    }),
  );
  act(() => job.emit(progress(1, 20)));
  await userEvent.click(await screen.findByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("heading", { name: "Stopped" })).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Go on from “Take apart”" }));
  await waitFor(() => expect(bar()).toHaveAccessibleName("Queued for attempt 2"));
  expect(asked).toEqual(["cancel", "retry"]);
});

test("a failure tells why and what to do; without hope there is no retry", async () => {
  const job = open();
  const message = "The file is not a recording that can be read.";
  act(() =>
    job.emit(failed(1, { code: "not_audio", message, retryable: false, stage: "download" })),
  );
  expect(await screen.findByText("Send a sound or video file.")).toBeVisible();
  expect(screen.getAllByText(message).length).toBeGreaterThan(0);
  expect(screen.queryByRole("button", { name: /again/ })).toBeNull();
  expect(screen.getByRole("button", { name: "Start with another recording" })).toBeVisible();
});

test("the score is opened when it is ready", async () => {
  const job = open();
  act(() => job.emit(completed(1)));
  expect(await screen.findByText("the score")).toBeVisible();
  expect(screen.queryByRole("progressbar")).toBeNull();
});

test("a next attempt that someone else opened is followed", async () => {
  const job = open();
  act(() => job.emit(failed(1)));
  await screen.findByRole("heading", { name: "This did not work" });
  await waitFor(() => expect(job.open.size).toBe(0));
  job.emit(progress(2, 30, { attempt: 2 }));
  window.dispatchEvent(new Event("visibilitychange"));
  await waitFor(() => expect(bar()).toHaveValue(30));
});

test("a job that is not there is said not to be", async () => {
  const job = open();
  job.pollStatus = 404;
  await waitFor(() => expect(job.open.size).toBe(1));
  act(() => job.close(4404));
  expect(await screen.findByText(/There is no such job/)).toBeVisible();
});

test("a server that asks for a token is given one, and the job is watched with it", async () => {
  const job = open();
  await waitFor(() => expect(job.open.size).toBe(1));
  act(() => job.close(4401));
  await userEvent.type(await screen.findByLabelText("Token"), "abc.def");
  await userEvent.click(screen.getByRole("button", { name: "Use it" }));
  await waitFor(() => expect(bar()).toHaveAccessibleName("Queued"));
  expect(job.protocols.at(-1)).toEqual(["scorewire.v1", "bearer.abc.def"]);
});
