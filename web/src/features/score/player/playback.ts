/** What the server tells the player about a score: `GET /api/v1/scores/{id}/playback`. */

/** One part of the score, as a synthesizer needs it. */
export interface PlaybackPart {
  name: string;
  midi_program: number;
  percussion: boolean;
}

/** A moment in score time (the written tempo) and the second of the recording that it is heard at. */
export interface Moment {
  onset_s: number;
  recording_onset_s: number;
}

/** A sounding note; its ids are those of its noteheads in the engraved page. */
export interface PlaybackNote extends Moment {
  id: string;
  /** The noteheads that are tied to the first. */
  tied_ids: string[];
  part: number;
  pitch: number;
  velocity: number;
  duration_s: number;
  recording_duration_s: number;
}

/** The beginning of a bar. */
export interface PlaybackBar extends Moment {
  number: number;
}

/** All that is needed to play a score and to follow it in the recording. */
export interface Playback {
  duration_s: number;
  parts: PlaybackPart[];
  notes: PlaybackNote[];
  bars: PlaybackBar[];
  beats: Moment[];
  tempo_bpm: number;
  metre: string;
  key: string;
}
