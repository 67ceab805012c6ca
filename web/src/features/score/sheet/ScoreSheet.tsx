import { type MouseEvent, useEffect, useRef } from "react";
import type { Engraving } from "../api";
import { SheetMarks } from "./marks";
import { pageElement } from "./sanitise";

interface Props {
  engraving: Engraving;
  /** What the pages show, for those who cannot see them. */
  label: string;
  busy: boolean;
  onMarks(marks: SheetMarks | null): void;
  onPick(picked: { note: string | null; bar: number | null }): void;
}

/** The engraved pages. The first is drawn at once, the others when the browser has time. */
export function ScoreSheet({ engraving, label, busy, onMarks, onPick }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const marks = useRef<SheetMarks | null>(null);

  useEffect(() => {
    const sheet = host.current;
    if (sheet === null) return;
    const drawn = new SheetMarks();
    marks.current = drawn;
    const papers = engraving.pages.map((_, index) => paper(index, engraving.pages.length));
    const draw = (index: number) => {
      const page = pageElement(engraving.pages[index] ?? "");
      const place = papers[index];
      if (page === null || place === undefined) return;
      page.setAttribute("aria-hidden", "true");
      place.replaceChildren(page);
      drawn.add(page);
    };
    sheet.replaceChildren(...papers);
    draw(0);
    onMarks(drawn);
    let next = 1;
    let waiting: number | undefined;
    const drawNext = () => {
      if (next >= papers.length) return;
      draw(next);
      next += 1;
      waiting = whenIdle(drawNext);
    };
    waiting = whenIdle(drawNext);
    return () => {
      cancelIdle(waiting);
      marks.current = null;
      onMarks(null);
    };
  }, [engraving, onMarks]);

  const pick = (event: MouseEvent<HTMLDivElement>) => {
    if (marks.current !== null) onPick(marks.current.at(event.target as Element));
  };

  return (
    // Keys jump by bars and beats to wherever a click can: see the help of the player.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the player's keys reach every place of the score
    // biome-ignore lint/a11y/noStaticElementInteractions: as above
    <div className="sheet-pages" aria-busy={busy} onClick={pick}>
      <p className="visually-hidden">{label}</p>
      <div ref={host} className="sheet-papers" />
    </div>
  );
}

function paper(index: number, count: number): HTMLElement {
  const element = document.createElement("div");
  element.className = "sheet-paper";
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", `Page ${index + 1} of ${count}`);
  return element;
}

function whenIdle(callback: () => void): number {
  // Safari has none.
  if (typeof requestIdleCallback !== "function") return window.setTimeout(callback, 16);
  return requestIdleCallback(callback, { timeout: 500 });
}

function cancelIdle(handle: number | undefined): void {
  if (handle === undefined) return;
  if (typeof cancelIdleCallback === "function") cancelIdleCallback(handle);
  else clearTimeout(handle);
}
