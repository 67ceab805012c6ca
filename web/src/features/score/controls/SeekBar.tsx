import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Player } from "../player/player";

const PAGE_BARS = 4;

/** Where the score is, and where to jump; drawn with each frame, without React. */
export function SeekBar({ player }: { player: Player }) {
  const slider = useRef<HTMLInputElement>(null);
  const time = useRef<HTMLSpanElement>(null);
  const { duration_s, bars } = player.timeline;

  useEffect(
    () =>
      player.follow((position_s) => {
        if (slider.current === null || time.current === null) return;
        const bar = bars[player.timeline.barAt(position_s)]?.number ?? 0;
        const shown = minutes(position_s);
        slider.current.value = `${position_s}`;
        slider.current.style.setProperty("--played", `${(100 * position_s) / duration_s}%`);
        if (time.current.textContent === shown) return;
        time.current.textContent = shown;
        slider.current.setAttribute("aria-valuetext", `Bar ${bar} of ${bars.length}, ${shown}`);
      }),
    [player, bars, duration_s],
  );

  const press = (event: KeyboardEvent) => {
    const jump = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const page = { PageDown: -PAGE_BARS, PageUp: PAGE_BARS }[event.key];
    const by = jump ?? page;
    if (by === undefined) return;
    event.preventDefault();
    player.seekBars(by);
  };

  return (
    <div className="seek">
      <span ref={time} className="seek-time" />
      <input
        ref={slider}
        type="range"
        aria-label="Place in the score"
        min={0}
        max={duration_s}
        step="any"
        defaultValue={0}
        onChange={(event) => player.seek(Number(event.target.value))}
        onKeyDown={press}
      />
      <span className="seek-time">{minutes(duration_s)}</span>
    </div>
  );
}

function minutes(duration_s: number): string {
  const whole = Math.floor(duration_s);
  return `${Math.floor(whole / 60)}:${`${whole % 60}`.padStart(2, "0")}`;
}
