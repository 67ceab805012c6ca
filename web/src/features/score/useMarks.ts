import { useEffect } from "react";
import { Lighting, spansOf } from "./player/lighting";
import type { Playback } from "./player/playback";
import type { Player } from "./player/player";
import type { SheetMarks } from "./sheet/marks";
import { usePlayerState } from "./usePlayer";

/** After somebody scrolled, the page is theirs for so long. */
const HANDS_OFF_MS = 4000;

/** Marks on the sheet what is played, and keeps it in sight. */
export function useMarks(player: Player, playback: Playback, marks: SheetMarks | null): void {
  const { source, bar, loop, status } = usePlayerState(player);

  useEffect(() => {
    if (marks === null) return;
    const lighting = new Lighting(spansOf(playback, player.timeline, source));
    const stop = player.follow((position_s) => {
      // A score that was not begun has no note to show.
      if (position_s > 0 || player.state().status !== "paused") {
        marks.light(lighting.moveTo(position_s));
      } else marks.light(lighting.clear());
    });
    return () => {
      stop();
      marks.light(lighting.clear());
    };
  }, [marks, playback, player, source]);

  const begun = status !== "paused" || bar > 0 || player.position_s > 0;
  useEffect(() => marks?.showBar(begun ? bar : null), [marks, bar, begun]);
  useEffect(() => marks?.showLoop(loop), [marks, loop]);
  useFollowingScroll(status === "playing", bar, marks);
}

function useFollowingScroll(playing: boolean, bar: number, marks: SheetMarks | null): void {
  useEffect(() => {
    if (!playing || marks === null) return;
    const system = marks.systemOf(bar);
    if (system === null || performance.now() - lastScroll_ms < HANDS_OFF_MS) return;
    const box = system.getBoundingClientRect();
    const top = document.querySelector(".masthead")?.getBoundingClientRect().bottom ?? 0;
    const bottom = document.querySelector(".transport")?.getBoundingClientRect().top;
    if (box.top >= Math.max(top, 0) && box.bottom <= (bottom ?? window.innerHeight)) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    window.scrollTo({
      top: window.scrollY + box.top - Math.max(top, 0) - 24,
      behavior: still ? "instant" : "smooth",
    });
  }, [playing, bar, marks]);

  useEffect(() => {
    const note = () => {
      lastScroll_ms = performance.now();
    };
    window.addEventListener("wheel", note, { passive: true });
    window.addEventListener("touchmove", note, { passive: true });
    return () => {
      window.removeEventListener("wheel", note);
      window.removeEventListener("touchmove", note);
    };
  }, []);
}

let lastScroll_ms = Number.NEGATIVE_INFINITY;
