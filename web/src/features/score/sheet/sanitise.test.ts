import { describe, expect, it } from "vitest";
import { pageElement } from "./sanitise";

const page = (inside: string) =>
  pageElement(
    `<svg viewBox="0 0 10 10" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">${inside}</svg>`,
  )?.outerHTML ?? "";

describe("pageElement", () => {
  it("keeps what a page is drawn with: groups with their ids, paths, text, and glyphs by reference", () => {
    const kept = page(
      '<defs><g id="E0A4-x"><path transform="scale(1,-1)" d="M0 0"/></g></defs>' +
        '<g id="P1-N1" class="note"><use xlink:href="#E0A4-x" transform="translate(1, 2)"/></g>' +
        '<ellipse cx="1" cy="1" rx="1" ry="1"/><text x="1" y="2" font-size="9px">Menuet</text>',
    );
    expect(kept).toContain('<g id="P1-N1" class="note">');
    expect(kept).toContain('href="#E0A4-x"');
    for (const drawn of ['d="M0 0"', "<ellipse", "Menuet", 'font-size="9px"', "viewBox"]) {
      expect(kept).toContain(drawn);
    }
  });

  it.each([
    ["scripts", "<script>alert(1)</script>"],
    ["scripts by address", '<script href="https://else.example/x.js"></script>'],
    ["handlers", '<g onclick="alert(1)"><path onload="alert(1)" d="M0 0"/></g>'],
    ["links", '<a href="javascript:alert(1)"><text>title</text></a>'],
    ["pages in the page", '<foreignObject><iframe src="https://else.example"/></foreignObject>'],
    ["pictures from elsewhere", '<image href="https://else.example/x.png"/>'],
    ["glyphs from elsewhere", '<use xlink:href="https://else.example/x.svg#a"/>'],
    ["glyphs as data", '<use href="data:image/svg+xml,x#a"/>'],
    ["changes over time", '<animate attributeName="href" to="javascript:alert(1)"/>'],
    ["styles", "<style>@import 'https://else.example/x.css'</style>"],
    ["styles of elements", '<g style="background:url(https://else.example)"/>'],
  ])("leaves out %s", (_what, inside) => {
    expect(page(inside)).not.toMatch(
      /alert|else\.example|javascript|data:|script|on\w+=|style|animate/,
    );
  });

  it("gives nothing for what is no picture", () => {
    expect(pageElement("<p>Proxy error</p>")).toBeNull();
  });
});
