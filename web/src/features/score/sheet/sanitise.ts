import createDOMPurify from "dompurify";

// An instance of its own: hooks are shared by all who use the library's default one.
const purify = createDOMPurify(window);

// `use` draws a symbol by reference. Within the picture that is how every notehead is drawn; to
// anywhere else it would load what somebody else wrote.
purify.addHook("uponSanitizeAttribute", (_element, attribute) => {
  const name = attribute.attrName;
  if (name === "href" || name === "xlink:href") {
    attribute.keepAttr = attribute.attrValue.startsWith("#");
  }
});

/** Sanitising removes styles too, but a browser complains of them as soon as they are read. */
const STYLES = /<style\b[\s\S]*?<\/style>/gi;

/**
 * An engraved page as an element in which nothing can run.
 *
 * It comes from our own server, but titles and names of instruments are whatever somebody typed.
 * Styles are left out as well: the page's own style sheet has them.
 */
export function pageElement(svg: string): SVGSVGElement | null {
  const fragment = purify.sanitize(svg.replace(STYLES, ""), {
    USE_PROFILES: { svg: true },
    ADD_TAGS: ["use"],
    ADD_ATTR: ["xlink:href"],
    FORBID_TAGS: ["style", "a", "image", "script", "foreignObject", "animate", "set"],
    FORBID_ATTR: ["style"],
    RETURN_DOM_FRAGMENT: true,
  });
  return fragment.querySelector("svg");
}
