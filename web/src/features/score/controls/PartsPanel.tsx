import type { PlaybackPart } from "../player/playback";
import type { Player } from "../player/player";
import { usePlayerState } from "../usePlayer";
import { Popover } from "./Popover";

/** Which parts are heard. */
export function PartsPanel({ player, parts }: { player: Player; parts: readonly PlaybackPart[] }) {
  const { mixer, source } = usePlayerState(player);
  const silenced = parts.some((_, index) => !mixer.audible(index));
  return (
    <Popover title="Parts" label="Parts" className={silenced ? "picked" : ""}>
      {source === "recording" && (
        <p className="hint">The recording has all parts in one: listen to the score to choose.</p>
      )}
      <ul className="parts">
        {parts.map((part, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place in the score
          <li key={index} className={mixer.audible(index) ? "" : "silent"}>
            <span>{part.name}</span>
            <Toggle
              label="Mute"
              name={`Mute ${part.name}`}
              on={mixer.muted.has(index)}
              disabled={source === "recording"}
              press={() => player.toggleMute(index)}
            />
            <Toggle
              label="Solo"
              name={`Solo ${part.name}`}
              on={mixer.solo.has(index)}
              disabled={source === "recording"}
              press={() => player.toggleSolo(index)}
            />
          </li>
        ))}
      </ul>
    </Popover>
  );
}

interface ToggleProps {
  label: string;
  name: string;
  on: boolean;
  disabled: boolean;
  press(): void;
}

function Toggle({ label, name, on, disabled, press }: ToggleProps) {
  return (
    <button
      type="button"
      className="toggle"
      aria-pressed={on}
      aria-label={name}
      disabled={disabled}
      onClick={press}
    >
      {label}
    </button>
  );
}
