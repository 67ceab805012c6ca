/** What is marked on the engraved pages: lit notes, the bar that is played, the loop. */

import type { LightChange } from "../player/lighting";

const SVG = "http://www.w3.org/2000/svg";
const LIT = "sounding";

/** Finds notes and bars on the pages, and marks them. */
export class SheetMarks {
  readonly #notes = new Map<string, Element>();
  #measures: SVGGraphicsElement[] = [];
  #barShade: SVGRectElement | null = null;
  #loopShades: SVGRectElement[] = [];
  #lit = new Set<string>();
  #bar: number | null = null;
  #loop: { from: number; to: number } | null = null;

  /** Take in a page that was put on the sheet; pages come in order. */
  add(page: Element): void {
    for (const note of page.querySelectorAll("g.note[id]")) this.#notes.set(note.id, note);
    this.#measures.push(...page.querySelectorAll<SVGGraphicsElement>("g.measure"));
    for (const id of this.#lit) this.#notes.get(id)?.classList.add(LIT);
    this.#draw();
  }

  light({ on, off }: LightChange): void {
    for (const id of off) {
      this.#lit.delete(id);
      this.#notes.get(id)?.classList.remove(LIT);
    }
    for (const id of on) {
      this.#lit.add(id);
      this.#notes.get(id)?.classList.add(LIT);
    }
  }

  /** Mark the bar that is played, by its index. */
  showBar(bar: number | null): void {
    this.#bar = bar;
    this.#drawBar();
  }

  /** Mark the bars that are repeated, both included. */
  showLoop(loop: { from: number; to: number } | null): void {
    this.#loop = loop;
    this.#drawLoop();
  }

  /** The line of music that a bar stands in. */
  systemOf(bar: number): Element | null {
    return this.#measures[bar]?.closest("g.system") ?? null;
  }

  /** What was clicked: a note's id, and the index of its bar. */
  at(target: Element): { note: string | null; bar: number | null } {
    const measure = target.closest<SVGGraphicsElement>("g.measure");
    const bar = measure === null ? -1 : this.#measures.indexOf(measure);
    return { note: target.closest("g.note")?.id ?? null, bar: bar < 0 ? null : bar };
  }

  #draw(): void {
    this.#drawBar();
    this.#drawLoop();
  }

  #drawBar(): void {
    this.#barShade?.remove();
    this.#barShade = this.#bar === null ? null : shade(this.#measures[this.#bar], "bar-shade");
  }

  #drawLoop(): void {
    for (const old of this.#loopShades) old.remove();
    this.#loopShades = [];
    if (this.#loop === null) return;
    for (let bar = this.#loop.from; bar <= this.#loop.to; bar += 1) {
      const drawn = shade(this.#measures[bar], "loop-shade");
      if (drawn !== null) this.#loopShades.push(drawn);
    }
  }
}

/** A rectangle behind a bar, as high as its staves. */
function shade(measure: SVGGraphicsElement | undefined, name: string): SVGRectElement | null {
  if (measure === undefined || typeof measure.getBBox !== "function") return null;
  const staves = [...measure.querySelectorAll<SVGGraphicsElement>(":scope > g.staff")];
  const boxes = staves.map(linesOf).filter((box) => box !== null);
  if (boxes.length === 0) return null;
  const left = Math.min(...boxes.map((box) => box.x));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const top = Math.min(...boxes.map((box) => box.y));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  const margin = (bottom - top) * 0.09;
  const rectangle = document.createElementNS(SVG, "rect");
  rectangle.setAttribute("class", name);
  rectangle.setAttribute("x", `${left}`);
  rectangle.setAttribute("y", `${top - margin}`);
  rectangle.setAttribute("width", `${right - left}`);
  rectangle.setAttribute("height", `${bottom - top + 2 * margin}`);
  measure.prepend(rectangle);
  return rectangle;
}

/** Where the five lines of a staff are: its first children, before clefs and notes. */
function linesOf(staff: SVGGraphicsElement): DOMRect | null {
  const lines = [...staff.querySelectorAll<SVGGraphicsElement>(":scope > path")];
  const boxes = lines.map((line) => line.getBBox());
  if (boxes.length === 0) return null;
  const top = Math.min(...boxes.map((box) => box.y));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  const left = Math.min(...boxes.map((box) => box.x));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  return new DOMRect(left, top, right - left, bottom - top);
}
