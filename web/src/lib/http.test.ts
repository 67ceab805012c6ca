import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { server } from "../test/server";
import { HttpError, isFinal, request } from "./http";
import { writeToken } from "./token";

async function refused(answer: () => Response): Promise<HttpError> {
  server.use(http.get("/api/v1/jobs", answer));
  const error = await request("/api/v1/jobs").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HttpError);
  return error as HttpError;
}

test("a problem document becomes an error with its sentence and its fields", async () => {
  const problem = {
    type: "urn:scorewire:error:invalid_request",
    title: "Invalid request",
    status: 400,
    detail: "The request is not valid: correct options.start_s.",
    code: "invalid_request",
    retryable: false,
    errors: [{ field: "options.start_s", message: "Expected `float` >= 0.0" }],
  };
  const error = await refused(() => HttpResponse.json(problem, { status: 400 }));
  expect(error.message).toBe(problem.detail);
  expect(error.fields).toEqual(problem.errors);
  expect(isFinal(error)).toBe(true);
});

test("an answer of a proxy, which is no problem document, is told in a sentence", async () => {
  const error = await refused(() => new HttpResponse("<h1>Bad gateway</h1>", { status: 502 }));
  expect(error.message).toMatch(/answered with 502/);
  expect(error.fields).toEqual([]);
});

test("how long to wait is read from Retry-After", async () => {
  const answer = () => new HttpResponse("", { status: 429, headers: { "Retry-After": "7" } });
  expect((await refused(answer)).retryAfterS).toBe(7);
});

test("no answer at all says that the server cannot be reached, and may be tried again", async () => {
  const error = await refused(() => HttpResponse.error());
  expect(error.message).toMatch(/cannot be reached/);
  expect(isFinal(error)).toBe(false);
});

test("a token that the browser keeps is sent along", async () => {
  let sent: string | null = null;
  server.use(
    http.get("/api/v1/jobs", ({ request }) => {
      sent = request.headers.get("Authorization");
      return HttpResponse.json({});
    }),
  );
  writeToken(" abc ");
  await request("/api/v1/jobs");
  expect(sent).toBe("Bearer abc");
});
