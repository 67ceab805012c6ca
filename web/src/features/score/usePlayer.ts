import { useEffect, useState, useSyncExternalStore } from "react";
import { request } from "../../lib/http";
import { readToken } from "../../lib/token";
import { recordingPath } from "./api";
import type { Playback } from "./player/playback";
import { Player, type PlayerState } from "./player/player";
import { RecordingSource } from "./player/recordingSource";
import { SynthSource } from "./player/synthSource";
import { Timeline } from "./player/timeline";

/** A player for a score; null until there is something to play. */
export function usePlayer(jobId: string, playback: Playback | undefined): Player | null {
  const [player, setPlayer] = useState<Player | null>(null);
  useEffect(() => {
    if (playback === undefined) return;
    const timeline = new Timeline(playback);
    const recording = new Recording(jobId);
    const made = new Player(timeline, {
      score: new SynthSource(playback.notes, playback.parts, async (parts) => {
        // The synthesizer and its sounds are fetched when they are first played.
        const { loadSynthesizer } = await import("./player/webSynthesizer");
        return loadSynthesizer(parts);
      }),
      recording: new RecordingSource(timeline, recording.locate),
    });
    setPlayer(made);
    return () => {
      made.dispose();
      recording.release();
    };
  }, [jobId, playback]);
  return player;
}

/** What the controls show, kept up to date. */
export function usePlayerState(player: Player): PlayerState {
  return useSyncExternalStore(player.watch, player.state);
}

/** The address of the recording: its own, or where a token is needed, a copy in memory. */
class Recording {
  #copy: string | null = null;

  constructor(private readonly jobId: string) {}

  readonly locate = async (): Promise<string> => {
    const path = recordingPath(this.jobId);
    if (readToken() === null) return path;
    this.#copy ??= URL.createObjectURL(await (await request(path)).blob());
    return this.#copy;
  };

  release(): void {
    if (this.#copy !== null) URL.revokeObjectURL(this.#copy);
    this.#copy = null;
  }
}
