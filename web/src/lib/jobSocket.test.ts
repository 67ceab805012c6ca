import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { completed, failed, JOB_ID, progress, ScriptedJob } from "../test/scriptedJob";
import { type JobProgress, JobSocket, type JobSocketOptions } from "./jobSocket";

/** Everything as installed, a hundred times faster. */
const FAST = {
  floorMs: 2,
  baseMs: 4,
  capMs: 20,
  openMs: 200,
  silenceMs: 5_000,
  pollMs: 10,
  socketRetryMs: 60,
};

let job: ScriptedJob;
let watched: JobSocket[];

beforeEach(() => {
  job = new ScriptedJob();
  watched = [];
});

afterEach(() => {
  for (const socket of watched) socket.stop();
  vi.useRealTimers();
});

interface Watch {
  socket: JobSocket;
  seen: JobProgress[];
  until: (what: (state: JobProgress) => boolean) => Promise<JobProgress>;
}

function watch(options: JobSocketOptions = {}): Watch {
  const socket = new JobSocket(JOB_ID, { timing: FAST, ...options });
  watched.push(socket);
  const seen: JobProgress[] = [];
  socket.subscribe(() => seen.push(socket.read()));
  const until = (what: (state: JobProgress) => boolean) =>
    new Promise<JobProgress>((resolve) => {
      const look = () => {
        if (!what(socket.read())) return;
        unsubscribe();
        resolve(socket.read());
      };
      const unsubscribe = socket.subscribe(look);
      look();
    });
  socket.start();
  return { socket, seen, until };
}

/** The ids in the order in which they were shown, each as often as it was. */
function shownIds(seen: JobProgress[]): (number | null)[] {
  return seen
    .map((state) => state.lastEventId)
    .filter((id, index, ids) => id !== null && id !== ids[index - 1]);
}

describe("watching", () => {
  test("[W1] a late watcher is shown where the job stands, and then what follows", async () => {
    job.emit(progress(1, 10));
    job.emit(progress(2, 40));
    const { seen, until } = watch();
    await until((state) => state.progress === 40);
    job.emit(progress(3, 55));
    const state = await until((state) => state.progress === 55);
    expect(state).toMatchObject({ status: "processing", connection: "live", stage: "separation" });
    expect(shownIds(seen)).toEqual([2, 3]);
    expect(job.polls).toBe(0);
  });

  test("[W1] a job that is queued is processing, with nothing done", async () => {
    const { until } = watch();
    const state = await until((state) => state.status === "processing");
    expect(state).toMatchObject({ progress: 0, stage: null, message: "Queued", error: null });
  });

  test("[W4] the end is told once, and nothing is opened after it", async () => {
    const { seen, until } = watch();
    await until((state) => state.connection === "live");
    job.emit(progress(1, 50));
    job.emit(completed(2));
    const state = await until((state) => state.connection === "closed");
    expect(state).toMatchObject({ status: "completed", progress: 100, stopped: "ended" });
    expect(state.resultUrl).toBe(`/api/v1/scores/${JOB_ID}`);
    expect(shownIds(seen).filter((id) => id === 2)).toHaveLength(1);
    dispatchEvent(new Event("online"));
    await new Promise((resolve) => setTimeout(resolve, 2 * FAST.socketRetryMs));
    expect([job.resumedAfter.length, job.polls]).toEqual([1, 0]);
  });

  test("[W4] a watcher who comes after the end is told the end", async () => {
    job.emit(failed(7, { message: "Nothing can be heard.", retryable: false }));
    const { until } = watch();
    const state = await until((state) => state.connection === "closed");
    expect(state).toMatchObject({ status: "failed", error: "Nothing can be heard." });
    expect(state.failure?.retryable).toBe(false);
  });

  test("[J3] a retry is followed from where the failed attempt ended", async () => {
    const { socket, until } = watch();
    await until((state) => state.connection === "live");
    job.emit(failed(1));
    await until((state) => state.connection === "closed");
    job.emit(progress(2, 0, { attempt: 2 }));
    socket.resume();
    const state = await until((state) => state.attempt === 2);
    expect(state).toMatchObject({
      status: "processing",
      failure: null,
      error: null,
      stopped: null,
    });
    expect(job.resumedAfter).toEqual([null, 1]);
  });

  test("[M4] a heartbeat is answered, and is no news of the job", async () => {
    const { seen, until } = watch();
    await until((state) => state.status === "processing");
    const before = seen.length;
    job.say({ type: "heartbeat", timestamp: "2025-01-15T10:30:00Z" });
    await vi.waitFor(() => expect(job.heard).toMatchObject([{ type: "pong" }]));
    expect(seen).toHaveLength(before);
  });

  test("[M1] messages and fields of a later version are passed over", async () => {
    const { until } = watch();
    await until((state) => state.connection === "live");
    job.say({ type: "applause", id: 1 });
    job.say("not an object");
    job.emit({ ...progress(1, 30), loudness: 11 } as never);
    expect((await until((state) => state.progress === 30)).status).toBe("processing");
  });

  test("an event that comes twice, or late, is shown once", async () => {
    const { seen, until } = watch();
    await until((state) => state.connection === "live");
    job.emit(progress(1, 30));
    job.emit(progress(2, 40));
    for (const repeat of [progress(2, 41), progress(1, 30)]) job.say(repeat);
    job.emit(progress(3, 50));
    await until((state) => state.progress === 50);
    expect(seen.map((state) => state.progress)).not.toContain(41);
    expect(shownIds(seen)).toEqual([0, 1, 2, 3]);
  });

  test("[A2] a token goes by subprotocol, and into no address", async () => {
    const { until } = watch({ token: "abc.def" });
    await until((state) => state.connection === "live");
    expect(job.protocols).toEqual([["scorewire.v1", "bearer.abc.def"]]);
  });
});

describe("a lost connection", () => {
  test.each([1001, 1006, 1012, 4408, 4429])(
    "[W5] [W6] after %i it resumes without loss or repeat",
    async (code) => {
      const { seen, until } = watch();
      await until((state) => state.connection === "live");
      job.emit(progress(1, 10));
      await until((state) => state.progress === 10);
      job.close(code);
      job.emit(progress(2, 20));
      job.emit(progress(3, 30));
      await until((state) => state.progress === 30);
      job.emit(completed(4));
      await until((state) => state.connection === "closed");
      expect(shownIds(seen)).toEqual([0, 1, 2, 3, 4]);
      expect(job.resumedAfter.slice(0, 2)).toEqual([null, 1]);
      expect(job.pollsBesideSocket).toBe(0);
    },
  );

  test("it is a state of the connection, never of the job", async () => {
    const { seen, until } = watch();
    await until((state) => state.connection === "live");
    job.close(1006);
    await until((state) => state.connection === "reconnecting");
    await until((state) => state.connection === "live");
    expect(seen.some((state) => state.status === "failed" || state.error)).toBe(false);
  });

  test("after five reconnects it polls, and then goes back to the socket", async () => {
    job.emit(progress(1, 10));
    job.refuseWith = 1006;
    const { seen, until } = watch();
    await until((state) => state.connection === "polling");
    expect(job.resumedAfter).toHaveLength(1 + 5);
    job.emit(progress(2, 20));
    await until((state) => state.progress === 20);
    job.refuseWith = null;
    await until((state) => state.connection === "live");
    const polls = job.polls;
    job.emit(progress(3, 30));
    await until((state) => state.progress === 30);
    await new Promise((resolve) => setTimeout(resolve, 5 * FAST.pollMs));
    expect(job.polls).toBe(polls);
    expect(job.resumedAfter.at(-1)).toBe(2);
    expect(shownIds(seen)).toEqual([1, 2, 3]);
  });

  test("the end is learnt by polling too, and then all is quiet", async () => {
    job.emit(progress(1, 10));
    job.refuseWith = 1006;
    const { until } = watch();
    await until((state) => state.connection === "polling");
    job.emit(completed(2));
    const state = await until((state) => state.connection === "closed");
    expect(state).toMatchObject({ status: "completed", stopped: "ended", progress: 100 });
    const { polls } = job;
    await new Promise((resolve) => setTimeout(resolve, 2 * FAST.socketRetryMs));
    expect(job.polls).toBe(polls);
  });

  test("[W7] a refused handshake is made up for by a poll at once", async () => {
    job.emit(progress(1, 45));
    job.refuseWith = 1006;
    const { until } = watch({ timing: { ...FAST, floorMs: 60_000, capMs: 60_000 } });
    const state = await until((state) => state.progress === 45);
    expect(state.connection).toBe("reconnecting");
    expect(job.polls).toBe(1);
  });

  test("Retry-After keeps polls away for as long as it says", async () => {
    job.refuseWith = 1006;
    job.pollStatus = 503;
    job.pollHeaders = { "Retry-After": "60" };
    const { until } = watch();
    await until((state) => state.connection === "polling");
    await vi.waitFor(() => expect(job.polls).toBeGreaterThan(0));
    const { polls } = job;
    await new Promise((resolve) => setTimeout(resolve, 5 * FAST.pollMs));
    expect(job.polls - polls).toBeLessThanOrEqual(1);
  });

  test("being online again opens a socket at once, in place of the old one", async () => {
    const { until } = watch({ timing: { ...FAST, floorMs: 60_000, capMs: 60_000 } });
    await until((state) => state.status === "processing");
    dispatchEvent(new Event("online"));
    await vi.waitFor(() => expect(job.resumedAfter).toEqual([null, 0]));
    await until((state) => state.connection === "live");
    await vi.waitFor(() => expect(job.open.size).toBe(1));
    job.close(1006);
    await until((state) => state.connection === "reconnecting");
    dispatchEvent(new Event("online"));
    await until((state) => state.connection === "live");
    expect(job.resumedAfter).toHaveLength(3);
  });

  test("a page that is looked at again reconnects at once, and leaves a good socket alone", async () => {
    const { until } = watch({ timing: { ...FAST, floorMs: 60_000, capMs: 60_000 } });
    await until((state) => state.status === "processing");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(job.resumedAfter).toHaveLength(1);
    job.close(1006);
    await until((state) => state.connection === "reconnecting");
    document.dispatchEvent(new Event("visibilitychange"));
    await until((state) => state.connection === "live");
    expect(job.resumedAfter).toHaveLength(2);
  });

  test("a socket on which nothing comes any more is replaced", async () => {
    const { until } = watch({ timing: { ...FAST, silenceMs: 30 } });
    await until((state) => state.connection === "live");
    await until((state) => state.connection === "reconnecting");
    await until((state) => state.connection === "live");
    expect(job.resumedAfter.length).toBeGreaterThanOrEqual(2);
  });

  test("no reconnect comes before the floor, nor after the cap", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const random = vi.fn(() => 0);
    watch({ timing: {}, random });
    await vi.advanceTimersByTimeAsync(0);
    job.close(1006);
    await vi.advanceTimersByTimeAsync(249);
    expect(job.resumedAfter).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(job.resumedAfter).toHaveLength(2);
    random.mockReturnValue(0.999);
    job.close(1006);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(job.resumedAfter).toHaveLength(3);
  });
});

describe("a server that will not tell", () => {
  test.each([
    [4404, "not_found"],
    [4401, "not_authenticated"],
    [4400, "refused"],
    [1009, "refused"],
  ])("[W5] after %i one stops, and the job is not called failed", async (code, stopped) => {
    job.emit(progress(1, 45));
    const { until } = watch();
    await until((state) => state.progress === 45);
    job.close(code);
    const state = await until((state) => state.connection === "closed");
    expect(state).toMatchObject({ status: "processing", progress: 45, stopped });
    expect(state.error).toBeTruthy();
    await new Promise((resolve) => setTimeout(resolve, 2 * FAST.socketRetryMs));
    expect([job.resumedAfter.length, job.polls]).toEqual([1, 0]);
  });

  test.each([
    [401, "not_authenticated"],
    [403, "refused"],
    [404, "not_found"],
  ])("a poll that is refused with %i stops the reconnects as well", async (status, stopped) => {
    job.refuseWith = 1006;
    job.pollStatus = status;
    const { until } = watch();
    const state = await until((state) => state.connection === "closed");
    expect(state.stopped).toBe(stopped);
    expect(job.resumedAfter).toHaveLength(1);
  });

  test("what can be no token is not even sent", async () => {
    const { until } = watch({ token: "with a space" });
    expect((await until((state) => state.connection === "closed")).stopped).toBe(
      "not_authenticated",
    );
  });
});
