import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { server } from "../../test/server";
import { ENGRAVING, JOB, PLAYBACK } from "./fixture";
import ScoreView from "./ScoreView";

const ID = JOB.job_id;
/** What is in a popover; jsdom cannot open one. */
const CLOSED = { hidden: true };
let asked: URLSearchParams[];
let revisions: unknown[];
let job: typeof JOB;

beforeEach(() => {
  asked = [];
  revisions = [];
  job = { ...JOB };
  // What jsdom lacks of a browser.
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(815);
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
  for (const method of ["play", "pause", "load"] as const) {
    vi.spyOn(HTMLMediaElement.prototype, method).mockReturnValue(Promise.resolve() as never);
  }
  server.use(
    http.get(`*/api/v1/jobs/${ID}`, () => HttpResponse.json(job)),
    http.get(`*/api/v1/scores/${ID}/playback`, () => HttpResponse.json(PLAYBACK)),
    http.get(`*/api/v1/scores/${ID}/stems`, () =>
      HttpResponse.json({ stems: [{ name: "vocals", url: `/api/v1/scores/${ID}/stems/vocals` }] }),
    ),
    http.get(`*/api/v1/scores/${ID}/pages`, ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return HttpResponse.json(ENGRAVING);
    }),
    http.post(`*/api/v1/jobs/${ID}/revise`, async ({ request }) => {
      revisions.push(await request.json());
      job = { ...job, attempt: 2, status: "processing" };
      return HttpResponse.json(job, { status: 202 });
    }),
  );
});

async function open() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const view = render(
    <QueryClientProvider client={client}>
      <ScoreView jobId={ID} />
    </QueryClientProvider>,
  );
  await screen.findByRole("button", { name: "Play" });
  await waitFor(() => expect(view.container.querySelectorAll("g.note")).toHaveLength(4));
  return { ...view, client };
}

const bar = (container: Element) => container.querySelector(".transport-bar")?.textContent;

describe("ScoreView", () => {
  it("asks once for pages as wide as there is room, and draws all of them", async () => {
    await open();
    expect(asked.map((query) => Object.fromEntries(query))).toEqual([
      { width: "800", scale: "100", transpose: "0", layout: "pages" },
    ]);
    expect(screen.getAllByRole("img").map((page) => page.getAttribute("aria-label"))).toEqual([
      "Page 1 of 2",
      "Page 2 of 2",
    ]);
    expect(screen.getByText(/4 bars in G major, 2\/4, for Voice, Piano/)).toBeDefined();
  });

  it("asks for other pages when size, key or layout change", async () => {
    await open();
    await userEvent.click(screen.getByRole("button", { name: "Larger" }));
    await userEvent.click(screen.getByRole("button", { name: "A semitone down" }));
    await userEvent.click(screen.getByRole("radio", { name: "Continuous" }));
    await waitFor(() =>
      expect(Object.fromEntries(asked.at(-1) ?? [])).toEqual({
        width: "800",
        scale: "110",
        transpose: "-1",
        layout: "continuous",
      }),
    );
  });

  it("jumps to a note that is clicked, and lights it", async () => {
    const { container } = await open();
    fireEvent.click(container.querySelector("#P1-N3 path") as Element);
    expect(bar(container)).toBe("Bar 3 of 4");
    expect([...container.querySelectorAll(".sounding")].map(({ id }) => id)).toEqual(["P1-N3"]);
  });

  it("goes by keys: bars, the beginning, a loop", async () => {
    const { container } = await open();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}l");
    expect(bar(container)).toBe("Bar 3 of 4");
    expect(screen.getByRole("button", { name: "Loop: Bar 3" })).toBeDefined();
    await userEvent.keyboard("l{Home}");
    expect(bar(container)).toBe("Bar 1 of 4");
    expect(screen.getByRole("button", { name: "Loop" })).toBeDefined();
  });

  it("leaves keys alone where they are switched off, or belong to a field", async () => {
    const { container } = await open();
    screen.getByRole("radio", { name: "Pages" }).focus();
    await userEvent.keyboard("l");
    expect(screen.getByRole("button", { name: "Loop" })).toBeDefined();
    await userEvent.click(screen.getByRole("checkbox", { name: "Use these keys", ...CLOSED }));
    (document.activeElement as HTMLElement).blur();
    await userEvent.keyboard("{ArrowRight}");
    expect(bar(container)).toBe("Bar 1 of 4");
    expect(localStorage.getItem("scorewire.shortcuts")).toBe("off");
  });

  it("plays the recording from the place of the score", async () => {
    const { container } = await open();
    fireEvent.click(container.querySelector("#P1-N2 path") as Element);
    await userEvent.click(screen.getByRole("radio", { name: "Recording" }));
    await userEvent.click(screen.getByRole("button", { name: "Play" }));
    await screen.findByRole("button", { name: "Pause" });
    const heard = vi.mocked(HTMLMediaElement.prototype.play).mock.contexts[0] as HTMLMediaElement;
    expect(heard.src).toContain(`/api/v1/jobs/${ID}/recording`);
    expect(heard.currentTime).toBeCloseTo(2.5);
  });

  it("says that a recording cannot be taken apart", async () => {
    await open();
    const mute = screen.getByRole("button", { name: "Mute Voice", ...CLOSED });
    await userEvent.click(mute);
    expect(mute.getAttribute("aria-pressed")).toBe("true");
    await userEvent.click(screen.getByRole("radio", { name: "Recording" }));
    expect(mute.hasAttribute("disabled")).toBe(true);
    expect(screen.getByText(/The recording has all parts in one/)).toBeDefined();
  });

  it("sends only what was corrected, and keeps the score until the new one is there", async () => {
    const { container, client } = await open();
    await userEvent.click(screen.getByRole("button", { name: "Correct …" }));
    const dialog = within(screen.getByRole("dialog", { name: "Correct the score" }));
    await userEvent.selectOptions(dialog.getByLabelText("Metre"), "4/4");
    await userEvent.clear(dialog.getByLabelText("Instrument 2"));
    await userEvent.type(dialog.getByLabelText("Instrument 2"), "Harpsichord");
    await userEvent.selectOptions(dialog.getByLabelText("Eighths"), "Swung");
    await userEvent.click(dialog.getByLabelText("Name the chords over the notes"));
    await userEvent.click(dialog.getByRole("button", { name: "Write it anew" }));
    const instrument_names = ["Voice", "Harpsichord"];
    await waitFor(() =>
      expect(revisions).toEqual([
        { metre: "4/4", instrument_names, chord_symbols: true, swing: true },
      ]),
    );
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(container.querySelectorAll("g.note")).toHaveLength(4);
    expect(asked).toHaveLength(1);
    job = { ...job, status: "completed" };
    await client.invalidateQueries({ queryKey: ["job", ID] });
    await waitFor(() => expect(asked).toHaveLength(2));
  });

  it("has eighths that were written as swung decided again", async () => {
    const swung = { ...PLAYBACK, swung: true };
    server.use(http.get(`*/api/v1/scores/${ID}/playback`, () => HttpResponse.json(swung)));
    await open();
    await userEvent.click(screen.getByRole("button", { name: "Correct …" }));
    const dialog = within(screen.getByRole("dialog", { name: "Correct the score" }));
    expect(dialog.getByLabelText("Eighths")).toHaveProperty("value", "Swung");
    await userEvent.selectOptions(dialog.getByLabelText("Eighths"), "As heard");
    await userEvent.click(dialog.getByRole("button", { name: "Write it anew" }));
    await waitFor(() => expect(revisions).toEqual([{ swing: null }]));
  });

  it("says what is wrong with a correction next to its field", async () => {
    server.use(
      http.post(`*/api/v1/jobs/${ID}/revise`, () =>
        HttpResponse.json(
          {
            ...{ type: "", title: "", status: 400, code: "invalid_request", retryable: false },
            detail: "The request is not valid: correct tempo_bpm.",
            errors: [{ field: "tempo_bpm", message: "Expected `float` <= 300.0" }],
          },
          { status: 400 },
        ),
      ),
    );
    await open();
    await userEvent.click(screen.getByRole("button", { name: "Correct …" }));
    const dialog = within(screen.getByRole("dialog"));
    await userEvent.clear(dialog.getByLabelText("Beats a minute"));
    await userEvent.type(dialog.getByLabelText("Beats a minute"), "390");
    await userEvent.click(dialog.getByRole("button", { name: "Write it anew" }));
    expect((await dialog.findByRole("alert")).textContent).toContain("correct tempo_bpm");
    expect(dialog.getByText("Expected `float` <= 300.0").closest("label")?.textContent).toContain(
      "Beats a minute",
    );
  });

  it("offers the score in every form, and the stems", async () => {
    await open();
    const files = await screen.findAllByRole("link", CLOSED);
    expect(files.map((file) => file.getAttribute("href"))).toEqual([
      `/api/v1/scores/${ID}/pdf`,
      `/api/v1/scores/${ID}`,
      `/api/v1/scores/${ID}/midi?timing=quantised`,
      `/api/v1/scores/${ID}/midi?timing=performed`,
      `/api/v1/scores/${ID}/stems/vocals`,
    ]);
  });

  it("fetches a file with the token where one is needed, which never stands in an address", async () => {
    localStorage.setItem("scorewire.token", "secret-token");
    const saved = vi.fn();
    URL.createObjectURL = vi.fn(() => "blob:score");
    URL.revokeObjectURL = vi.fn();
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      saved(this.href, this.download);
    });
    server.use(
      http.get(`*/api/v1/scores/${ID}/pdf`, ({ request }) => {
        expect(request.headers.get("Authorization")).toBe("Bearer secret-token");
        expect(request.url).not.toContain("secret-token");
        return new HttpResponse("%PDF", {
          headers: { "Content-Disposition": `attachment; filename*=utf-8''Menuet%20in%20G.pdf` },
        });
      }),
    );
    await open();
    await userEvent.click(screen.getByRole("link", { name: /^PDF/, ...CLOSED }));
    await waitFor(() => expect(saved).toHaveBeenCalledWith("blob:score", "Menuet in G.pdf"));
  });

  it("says why there is no score", async () => {
    server.use(
      http.get(`*/api/v1/scores/${ID}/pages`, () => new HttpResponse("gone", { status: 500 })),
    );
    render(
      <QueryClientProvider
        client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}
      >
        <ScoreView jobId={ID} />
      </QueryClientProvider>,
    );
    expect((await screen.findByRole("alert")).textContent).toContain("answered with 500");
  });
});
