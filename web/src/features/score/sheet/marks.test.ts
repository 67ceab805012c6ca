import { beforeEach, describe, expect, it } from "vitest";
import { SheetMarks } from "./marks";

const SVG = "http://www.w3.org/2000/svg";

/** A page with a system of some bars, each with one note. */
function page(bars: readonly number[]): Element {
  const holder = document.createElementNS(SVG, "svg");
  holder.innerHTML = `<g class="system" id="s${bars[0]}">${bars
    .map((bar) => `<g class="measure"><g class="note" id="n${bar}"><path/></g></g>`)
    .join("")}</g>`;
  return holder;
}

let marks: SheetMarks;
let first: Element;

beforeEach(() => {
  marks = new SheetMarks();
  first = page([0, 1]);
  marks.add(first);
});

describe("SheetMarks", () => {
  it("lights notes and puts them out", () => {
    marks.light({ on: ["n0", "n1", "unknown"], off: [] });
    marks.light({ on: [], off: ["n0"] });
    expect([...first.querySelectorAll(".sounding")].map(({ id }) => id)).toEqual(["n1"]);
  });

  it("lights a note that sounds on a page that is drawn only later", () => {
    const second = page([2]);
    marks.light({ on: ["n2"], off: [] });
    marks.add(second);
    expect(second.querySelector("#n2")?.classList.contains("sounding")).toBe(true);
  });

  it("counts bars on across pages", () => {
    const second = page([2, 3]);
    marks.add(second);
    expect(marks.systemOf(3)?.id).toBe("s2");
    expect(marks.systemOf(9)).toBeNull();
  });

  it("tells the note and the bar of what was clicked", () => {
    const path = first.querySelector("#n1 path") as Element;
    expect(marks.at(path)).toEqual({ note: "n1", bar: 1 });
    expect(marks.at(first)).toEqual({ note: null, bar: null });
  });
});
