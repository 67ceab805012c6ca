import { FASTEST_RATE, type Player, SLOWEST_RATE } from "../player/player";
import { usePlayerState } from "../usePlayer";
import { Popover } from "./Popover";

const CHOICES = [50, 75, 100, 125];

/** How fast it is played; the pitch stays. */
export function SpeedPanel({ player }: { player: Player }) {
  const { rate } = usePlayerState(player);
  const percent = Math.round(rate * 100);
  return (
    <Popover
      title="Speed"
      className={percent === 100 ? "" : "picked"}
      label={
        <>
          <span className="visually-hidden">Speed: </span>
          {percent} %
        </>
      }
    >
      <input
        type="range"
        aria-label="Speed"
        aria-valuetext={`${percent} percent`}
        min={SLOWEST_RATE * 100}
        max={FASTEST_RATE * 100}
        step={5}
        value={percent}
        onChange={(event) => player.setRate(Number(event.target.value) / 100)}
      />
      <div className="speed-choices">
        {CHOICES.map((choice) => (
          <button
            key={choice}
            type="button"
            className="toggle"
            aria-pressed={choice === percent}
            onClick={() => player.setRate(choice / 100)}
          >
            {choice} %
          </button>
        ))}
      </div>
    </Popover>
  );
}
