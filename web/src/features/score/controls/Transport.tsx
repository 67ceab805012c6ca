import type { PlaybackPart } from "../player/playback";
import type { Player, SourceName } from "../player/player";
import { usePlayerState } from "../usePlayer";
import { BackIcon, ForwardIcon, HelpIcon, PauseIcon, PlayIcon } from "./icons";
import { LoopPanel } from "./LoopPanel";
import { PartsPanel } from "./PartsPanel";
import { Popover } from "./Popover";
import { SeekBar } from "./SeekBar";
import { SpeedPanel } from "./SpeedPanel";
import { SHORTCUTS, useShortcuts } from "./shortcuts";

const SOURCES: readonly { name: SourceName; label: string }[] = [
  { name: "score", label: "Score" },
  { name: "recording", label: "Recording" },
];

/** The player's controls, at the foot of the window. */
export function Transport({ player, parts }: { player: Player; parts: readonly PlaybackPart[] }) {
  const { status, bar, problem } = usePlayerState(player);
  const [keys, setKeys] = useShortcuts(player);
  const bars = player.timeline.bars;
  const playing = status !== "paused";
  return (
    <section className="transport" aria-label="Player">
      {problem !== null && (
        <p role="alert" className="transport-problem">
          {problem}
        </p>
      )}
      <div className="transport-main">
        <div className="transport-buttons">
          <button
            type="button"
            className="quiet"
            aria-label="One bar back"
            onClick={() => player.seekBars(-1)}
          >
            <BackIcon />
          </button>
          <button
            type="button"
            className="play"
            aria-label={playing ? "Pause" : "Play"}
            aria-busy={status === "loading"}
            onClick={() => void player.toggle()}
          >
            {playing ? <PauseIcon /> : <PlayIcon />}
          </button>
          <button
            type="button"
            className="quiet"
            aria-label="One bar on"
            onClick={() => player.seekBars(1)}
          >
            <ForwardIcon />
          </button>
        </div>
        <p className="transport-bar">
          Bar <strong>{bars[bar]?.number ?? 1}</strong>
          <span className="muted"> of {bars.at(-1)?.number ?? 1}</span>
        </p>
        <SeekBar player={player} />
      </div>
      <div className="transport-more">
        <SourceChoice player={player} />
        <SpeedPanel player={player} />
        <LoopPanel player={player} />
        <PartsPanel player={player} parts={parts} />
        <Popover label={<HelpIcon />} name="Keys" title="Keys" className="help">
          <dl className="keys">
            {SHORTCUTS.map(({ shown, does }) => (
              <div key={shown}>
                <dt>
                  <kbd>{shown}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
          <p className="hint">A click on a note jumps to it.</p>
          <label>
            <input
              type="checkbox"
              checked={keys}
              onChange={(event) => setKeys(event.target.checked)}
            />
            Use these keys
          </label>
        </Popover>
      </div>
    </section>
  );
}

function SourceChoice({ player }: { player: Player }) {
  const { source } = usePlayerState(player);
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">What is heard</legend>
      {SOURCES.map(({ name, label }) => (
        <label key={name} className={source === name ? "picked" : ""}>
          <input
            type="radio"
            name="source"
            value={name}
            checked={source === name}
            onChange={() => player.setSource(name)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
