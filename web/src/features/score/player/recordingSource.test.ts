import { describe, expect, it, vi } from "vitest";
import { type Audio, RecordingSource } from "./recordingSource";
import { Timeline } from "./timeline";

/** The recording begins half a second late and is half as fast as written. */
const timeline = new Timeline({
  duration_s: 8,
  bars: [],
  beats: [
    { onset_s: 0, recording_onset_s: 0.5 },
    { onset_s: 4, recording_onset_s: 8.5 },
  ],
});

function recording(locate = async () => "/api/v1/jobs/1/recording") {
  const audio = new EventTarget() as Audio & EventTarget & { ended: boolean };
  Object.assign(audio, { src: "", currentTime: 0, playbackRate: 1, ended: false });
  Object.assign(audio, { play: vi.fn(async () => {}), pause: vi.fn(), load: vi.fn() });
  audio.removeAttribute = vi.fn();
  return { audio, source: new RecordingSource(timeline, locate, audio) };
}

describe("RecordingSource", () => {
  it("plays from the second at which the score's place is heard, with its pitch kept", async () => {
    const { audio, source } = recording();
    await source.prepare();
    await source.start({ position_s: 2, rate: 0.5, loop: null });
    expect(audio).toMatchObject({ currentTime: 4.5, playbackRate: 0.5, preservesPitch: true });
    audio.currentTime = 8.5;
    expect(source.position()).toBe(4);
  });

  it("is fetched once, and again after a failure", async () => {
    const locate = vi.fn(async () => "/api/v1/jobs/1/recording");
    locate.mockRejectedValueOnce(new Error("gone"));
    const { source } = recording(locate);
    await expect(source.prepare()).rejects.toThrow("gone");
    await source.prepare();
    await source.prepare();
    expect(locate).toHaveBeenCalledTimes(2);
  });

  it("jumps back at the loop's end, even where no frame is drawn", async () => {
    const { audio, source } = recording();
    await source.start({ position_s: 2, rate: 1, loop: { from_s: 1, to_s: 3 } });
    audio.currentTime = 6.6;
    audio.dispatchEvent(new Event("timeupdate"));
    expect(audio.currentTime).toBe(2.5);
  });

  it("ends with the score where the recording ends first", async () => {
    const { audio, source } = recording();
    await source.start({ position_s: 2, rate: 1, loop: null });
    audio.ended = true;
    expect(source.position()).toBe(8);
  });

  it("takes a pause before the first sound for what it is, and tells of other failures", async () => {
    const { audio, source } = recording();
    audio.play = async () => {
      throw new DOMException("interrupted", "AbortError");
    };
    await source.start({ position_s: 0, rate: 1, loop: null });
    audio.play = async () => {
      throw new DOMException("no decoder", "NotSupportedError");
    };
    await expect(source.start({ position_s: 0, rate: 1, loop: null })).rejects.toThrow(
      "The recording could not be played",
    );
  });
});
