import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, test } from "vitest";
import { renderAt } from "../../test/render";
import { JOB_ID } from "../../test/scriptedJob";
import { server } from "../../test/server";
import { SubmitForm } from "./SubmitForm";

const INFO = {
  version: "1",
  max_upload_bytes: 1000,
  max_duration_s: 600,
  url_hosts: ["youtube.com"],
  token_required: false,
};

beforeEach(() => server.use(http.get("/api/v1/server", () => HttpResponse.json(INFO))));

function problem(status: number, code: string, detail: string, field?: string) {
  const errors = field ? [{ field, message: detail }] : [];
  return HttpResponse.json({ code, detail, status, retryable: status >= 500, errors }, { status });
}

const link = () => screen.getByLabelText("Link to a recording");
const submit = () => userEvent.click(screen.getByRole("button", { name: "Write it down" }));

test("a link is submitted, and its job is opened", async () => {
  let sent: unknown;
  server.use(
    http.post("/api/v1/transcribe", async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json({ job_id: JOB_ID }, { status: 201 });
    }),
  );
  const { history } = renderAt("/", <SubmitForm />);
  await userEvent.type(link(), "https://youtu.be/dQw4w9WgXcQ");
  await submit();
  await waitFor(() => expect(history?.at(-1)).toBe(`/jobs/${JOB_ID}`));
  expect(sent).toEqual({
    youtube_url: "https://youtu.be/dQw4w9WgXcQ",
    options: { recording: "mix", separation: "auto" },
  });
});

test("what the server has against the link stands at the link", async () => {
  const detail = "The link is not of a host that recordings are fetched from.";
  server.use(
    http.post("/api/v1/transcribe", () => problem(422, "unsupported_url", detail, "youtube_url")),
  );
  renderAt("/", <SubmitForm />);
  await userEvent.type(link(), "https://example.org/a");
  await submit();
  await waitFor(() => expect(link()).toHaveAccessibleDescription(detail));
  expect(link()).toBeInvalid();
});

test("a fault in an option unfolds the options and stands at its field", async () => {
  const detail = "Expected `float` >= 20.0";
  server.use(
    http.post("/api/v1/transcribe", () =>
      problem(400, "invalid_request", detail, "options.notation.tempo_bpm"),
    ),
  );
  renderAt("/", <SubmitForm />);
  await userEvent.type(link(), "https://youtu.be/dQw4w9WgXcQ");
  await submit();
  const tempo = await screen.findByLabelText("Tempo");
  await waitFor(() => expect(tempo).toHaveAccessibleDescription(expect.stringContaining(detail)));
  expect(tempo.closest("details")).toHaveAttribute("open");
});

test("swung eighths in a metre of eighths are told at their field, before anything is sent", async () => {
  renderAt("/", <SubmitForm />);
  await userEvent.type(link(), "https://youtu.be/dQw4w9WgXcQ");
  await userEvent.selectOptions(screen.getByLabelText("Metre"), "6/8");
  await userEvent.selectOptions(screen.getByLabelText("Eighths"), "Swung");
  await submit();
  const eighths = screen.getByLabelText("Eighths");
  expect(eighths).toHaveAccessibleDescription("Eighths are not swung in 6/8.");
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a fault in no field of the form is told by itself", async () => {
  server.use(
    http.post("/api/v1/transcribe", () => problem(429, "too_many_requests", "Wait 9 seconds.")),
  );
  renderAt("/", <SubmitForm />);
  await userEvent.type(link(), "https://youtu.be/dQw4w9WgXcQ");
  await submit();
  expect(await screen.findByRole("alert")).toHaveTextContent("Wait 9 seconds.");
});

test("a try again of the same submission has the same key; another one has another", async () => {
  const keys: (string | null)[] = [];
  server.use(
    http.post("/api/v1/transcribe", ({ request }) => {
      keys.push(request.headers.get("Idempotency-Key"));
      return HttpResponse.error();
    }),
  );
  renderAt("/", <SubmitForm />);
  await userEvent.type(link(), "https://youtu.be/dQw4w9WgXcQ");
  for (const more of ["", "", "&t=1"]) {
    if (more) await userEvent.type(link(), more);
    await submit();
    await screen.findByRole("alert");
  }
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("a file is uploaded with its options, and larger ones than the server takes are not", async () => {
  let options: unknown;
  server.use(
    http.post("/api/v1/transcribe/upload", async ({ request }) => {
      const form = await request.text();
      options = JSON.parse(/\{.*\}/.exec(form)?.[0] ?? "null");
      return HttpResponse.json({ job_id: JOB_ID }, { status: 201 });
    }),
  );
  const { history, client } = renderAt("/", <SubmitForm />);
  await waitFor(() => expect(client.getQueryData(["server"])).toEqual(INFO));
  const chooser = screen.getByLabelText("Recording");
  await userEvent.upload(chooser, new File(["a".repeat(1001)], "long.wav", { type: "audio/wav" }));
  await submit();
  expect(await screen.findByText(/takes at most 1 kB/)).toBeVisible();
  expect(options).toBeUndefined();
  await userEvent.click(screen.getByRole("button", { name: "Another one" }));
  await userEvent.upload(
    screen.getByLabelText("Recording"),
    new File(["sound"], "song.wav", { type: "audio/wav" }),
  );
  await submit();
  await waitFor(() => expect(history?.at(-1)).toBe(`/jobs/${JOB_ID}`));
  expect(options).toEqual({ recording: "mix", separation: "auto" });
});

test("the example comes from our own server, as a piano alone", async () => {
  let body = "";
  server.use(
    http.get("/samples/petzold-menuet.ogg", () => HttpResponse.text("OggS")),
    http.post("/api/v1/transcribe/upload", async ({ request }) => {
      body = await request.text();
      return HttpResponse.json({ job_id: JOB_ID }, { status: 201 });
    }),
  );
  const { history } = renderAt("/", <SubmitForm />);
  await userEvent.click(screen.getByRole("button", { name: "Try the example" }));
  await waitFor(() => expect(history?.at(-1)).toBe(`/jobs/${JOB_ID}`));
  expect(body).toContain('"instruments":["piano"]');
});

test("nothing at all is asked for again, without a request", async () => {
  renderAt("/", <SubmitForm />);
  await submit();
  expect(link()).toHaveAccessibleDescription("Paste a link, or choose a file.");
});
