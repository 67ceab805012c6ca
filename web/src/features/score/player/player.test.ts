import { beforeEach, describe, expect, it, vi } from "vitest";
import { Player, type SourceName } from "./player";
import type { SoundSource, Start } from "./source";
import { Timeline } from "./timeline";

const timeline = new Timeline({
  duration_s: 8,
  bars: [0, 2, 4, 6].map((onset_s, index) => ({
    number: index + 1,
    onset_s,
    recording_onset_s: onset_s,
  })),
  beats: [],
});

/** A source whose place the test moves. */
class HandSource implements SoundSource {
  heard_s: number | null = 0;
  readonly starts: Start[] = [];
  ready: Promise<void> = Promise.resolve();
  prepare = () => this.ready;
  async start(from: Start) {
    this.starts.push(from);
    this.heard_s = from.position_s;
  }
  stop = vi.fn();
  position = () => this.heard_s;
  setMixer = vi.fn();
  setTranspose = vi.fn();
  dispose = vi.fn();
}

let sources: Record<SourceName, HandSource>;
let player: Player;
let draw: () => void;

beforeEach(() => {
  sources = { score: new HandSource(), recording: new HandSource() };
  let pending: (() => void) | null = null;
  player = new Player(timeline, sources, {
    request: (callback) => {
      pending = callback;
      return 1;
    },
    cancel: () => {
      pending = null;
    },
  });
  draw = () => {
    const callback = pending;
    pending = null;
    callback?.();
  };
});

describe("Player", () => {
  it("is where the sound is, and goes on from where it was paused", async () => {
    await player.play();
    sources.score.heard_s = 2.5;
    draw();
    expect([player.position_s, player.state().bar, player.state().status]).toEqual([
      2.5,
      1,
      "playing",
    ]);
    sources.score.heard_s = 2.75;
    player.pause();
    await player.play();
    expect(sources.score.starts.map((start) => start.position_s)).toEqual([0, 2.75]);
  });

  it("does not move before the first sound is heard", async () => {
    const places: number[] = [];
    player.seek(2);
    player.follow((position_s) => places.push(position_s));
    await player.play();
    sources.score.heard_s = null;
    draw();
    expect(places).toEqual([2]);
    player.pause();
    expect(player.position_s).toBe(2);
  });

  it("stops at the end, and begins anew after it", async () => {
    await player.play();
    sources.score.heard_s = 8.2;
    draw();
    expect([player.state().status, player.position_s]).toEqual(["paused", 8]);
    await player.play();
    expect(sources.score.starts.at(-1)?.position_s).toBe(0);
  });

  it("does not sound when it was paused while the sounds were loading", async () => {
    let loaded = () => {};
    sources.score.ready = new Promise((resolve) => {
      loaded = resolve;
    });
    const played = player.play();
    expect(player.state().status).toBe("loading");
    player.pause();
    loaded();
    await played;
    expect(sources.score.starts).toEqual([]);
    expect(player.state().status).toBe("paused");
  });

  it("says why there is no sound", async () => {
    sources.score.ready = Promise.reject(new Error("No sounds."));
    await player.play();
    expect(player.state()).toMatchObject({ status: "paused", problem: "No sounds." });
  });

  it("steps by bars, back to the same bar first", () => {
    player.seek(4.9);
    player.seekBars(-1);
    expect(player.position_s).toBe(4);
    player.seekBars(-1);
    expect(player.position_s).toBe(2);
    player.seekBars(1);
    expect(player.position_s).toBe(4);
    player.seekBars(9);
    expect(player.position_s).toBe(6);
  });

  it("goes into a loop that is set elsewhere, and hands it to the source", async () => {
    await player.play();
    player.setLoop({ from: 2, to: 1 });
    expect(player.state().loop).toEqual({ from: 1, to: 2 });
    expect(sources.score.starts.at(-1)).toEqual({
      position_s: 2,
      rate: 1,
      loop: { from_s: 2, to_s: 6 },
    });
  });

  it("keeps the place when the speed changes, within 25 and 150 %", async () => {
    await player.play();
    sources.score.heard_s = 3;
    player.setRate(9);
    expect(sources.score.starts.at(-1)).toMatchObject({ position_s: 3, rate: 1.5 });
    player.setRate(0);
    expect(player.state().rate).toBe(0.25);
  });

  it("hands the place over from the score to the recording", async () => {
    await player.play();
    sources.score.heard_s = 3;
    player.setSource("recording");
    await vi.waitFor(() => expect(player.state().status).toBe("playing"));
    expect(sources.score.stop).toHaveBeenCalled();
    expect(sources.recording.starts).toMatchObject([{ position_s: 3 }]);
  });

  it("tells followers each place, and watchers only what the controls show", async () => {
    const places: number[] = [];
    const watcher = vi.fn();
    player.follow((position_s) => places.push(position_s));
    await player.play();
    player.watch(watcher);
    sources.score.heard_s = 0.5;
    draw();
    sources.score.heard_s = 2.5;
    draw();
    expect(places).toEqual([0, 0.5, 2.5]);
    expect(watcher).toHaveBeenCalledTimes(1);
  });

  it("hands mutes and the transposition to every source", () => {
    player.toggleMute(1);
    player.setTranspose(-3);
    const mixer = sources.recording.setMixer.mock.calls[0]?.[0];
    expect([mixer.audible(0), mixer.audible(1)]).toEqual([true, false]);
    expect(sources.score.setTranspose).toHaveBeenCalledWith(-3);
  });
});
