/** What the server tells the player about a score: `GET /api/v1/scores/{id}/playback`. */

import type { components } from "../../../wire/api";

type Schemas = components["schemas"];

/** All that is needed to play a score and to follow it in the recording. */
export type Playback = Schemas["Playback"];
export type PlaybackPart = Schemas["PlaybackPart"];
export type PlaybackNote = Schemas["PlaybackNote"];
export type PlaybackBar = Schemas["PlaybackBar"];

/** A moment in score time (the written tempo) and the second of the recording that it is heard at. */
export type Moment = Pick<PlaybackNote, "onset_s" | "recording_onset_s">;
