import { useEffect, useState } from "react";
import type { Player } from "../player/player";

/** A key, what it is called and what it does. */
export interface Shortcut {
  keys: readonly string[];
  shown: string;
  does: string;
  act(player: Player): void;
}

const RATE_STEP = 0.05;

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: [" "], shown: "Space", does: "Play or pause", act: (player) => void player.toggle() },
  { keys: ["ArrowLeft"], shown: "←", does: "One bar back", act: (player) => player.seekBars(-1) },
  { keys: ["ArrowRight"], shown: "→", does: "One bar on", act: (player) => player.seekBars(1) },
  { keys: ["Home"], shown: "Home", does: "To the beginning", act: (player) => player.seek(0) },
  { keys: ["l"], shown: "L", does: "Repeat this bar, or play on", act: toggleLoop },
  { keys: ["["], shown: "[", does: "Repeat from this bar", act: (player) => bound(player, "from") },
  { keys: ["]"], shown: "]", does: "Repeat to this bar", act: (player) => bound(player, "to") },
  { keys: ["-"], shown: "−", does: "Slower", act: (player) => faster(player, -RATE_STEP) },
  { keys: ["+", "="], shown: "+", does: "Faster", act: (player) => faster(player, RATE_STEP) },
  { keys: ["o"], shown: "O", does: "Score or original recording", act: toggleSource },
];

/** Repeat the bar that is played, or stop repeating. */
export function toggleLoop(player: Player): void {
  const { loop, bar } = player.state();
  player.setLoop(loop === null ? { from: bar, to: bar } : null);
}

function bound(player: Player, end: "from" | "to"): void {
  const { loop, bar } = player.state();
  const last = player.timeline.bars.length - 1;
  const bounds = loop ?? { from: 0, to: last };
  if (end === "from") player.setLoop({ from: bar, to: Math.max(bar, bounds.to) });
  else player.setLoop({ from: Math.min(bar, bounds.from), to: bar });
}

function faster(player: Player, by: number): void {
  player.setRate(Math.round((player.state().rate + by) * 100) / 100);
}

function toggleSource(player: Player): void {
  player.setSource(player.state().source === "score" ? "recording" : "score");
}

const CHOICE = "scorewire.shortcuts";

/** The player's keys, as long as they are wanted; they can be switched off (WCAG 2.1.4). */
export function useShortcuts(player: Player): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => localStorage.getItem(CHOICE) !== "off");
  useEffect(() => {
    if (!on) return;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (hasUseFor(event.target, event.key)) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const shortcut = SHORTCUTS.find(({ keys }) => keys.includes(key));
      if (shortcut === undefined) return;
      event.preventDefault();
      shortcut.act(player);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [on, player]);
  const choose = (wanted: boolean) => {
    localStorage.setItem(CHOICE, wanted ? "on" : "off");
    setOn(wanted);
  };
  return [on, choose];
}

/** Whether what has the focus does something of its own with a key. */
function hasUseFor(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("input, select, textarea, dialog, [contenteditable]") !== null) return true;
  return key === " " && target.closest("button, a, summary") !== null;
}
