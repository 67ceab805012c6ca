import { type RefObject, useEffect, useState } from "react";

const SETTLED_MS = 250;
/** Widths that differ by less are engraved alike: a scroll bar must not flow the score anew. */
const STEP_PX = 20;
const NARROWEST_PX = 200;
const WIDEST_PX = 4000;

/** The width of an element in pixels, when it has settled; null until it is known. */
export function useWidth(ref: RefObject<HTMLElement | null>): number | null {
  const [width, setWidth] = useState<number | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const measure = () => {
      const steps = Math.floor(element.clientWidth / STEP_PX) * STEP_PX;
      if (steps > 0) setWidth(Math.min(Math.max(steps, NARROWEST_PX), WIDEST_PX));
    };
    measure();
    const observer = new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(measure, SETTLED_MS);
    });
    observer.observe(element);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [ref]);
  return width;
}
