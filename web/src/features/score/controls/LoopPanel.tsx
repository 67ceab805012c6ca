import type { Player } from "../player/player";
import { usePlayerState } from "../usePlayer";
import { LoopIcon } from "./icons";
import { Popover } from "./Popover";

/** Which bars are repeated. */
export function LoopPanel({ player }: { player: Player }) {
  const { loop, bar } = usePlayerState(player);
  const bars = player.timeline.bars;
  const bounds = loop ?? { from: bar, to: bar };
  const named = (index: number) => `${bars[index]?.number ?? index + 1}`;
  const choices = bars.map((each, index) => (
    <option key={each.onset_s} value={index}>
      {each.number}
    </option>
  ));
  const label =
    loop === null
      ? "Loop"
      : loop.from === loop.to
        ? `Bar ${named(loop.from)}`
        : `Bars ${named(loop.from)}–${named(loop.to)}`;
  return (
    <Popover
      title="Repeat bars"
      name={loop === null ? "Loop" : `Loop: ${label}`}
      className={loop === null ? "" : "picked"}
      label={
        <>
          <LoopIcon /> <span className="word">{label}</span>
        </>
      }
    >
      <label>
        <input
          type="checkbox"
          checked={loop !== null}
          onChange={(event) => player.setLoop(event.target.checked ? bounds : null)}
        />
        Repeat
      </label>
      <div className="pair">
        <label>
          From bar
          <select
            value={bounds.from}
            onChange={({ target }) =>
              player.setLoop({
                from: Number(target.value),
                to: Math.max(bounds.to, Number(target.value)),
              })
            }
          >
            {choices}
          </select>
        </label>
        <label>
          To bar
          <select
            value={bounds.to}
            onChange={({ target }) =>
              player.setLoop({
                from: Math.min(bounds.from, Number(target.value)),
                to: Number(target.value),
              })
            }
          >
            {choices}
          </select>
        </label>
      </div>
    </Popover>
  );
}
