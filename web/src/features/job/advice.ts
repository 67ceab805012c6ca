/** What a person can do about each reason for a failure; docs/errors.md in the page's words. */

import type { ErrorCode, ErrorDetail } from "../../wire/messages";

const OTHER_RECORDING = "Check the recording, or try another one.";
const LATER = "Try again in a moment.";
const SECTION = "Try again, or ask for a shorter section under “What you know about the music”.";
const OPERATOR = "Whoever runs this server has to mend it.";

const ADVICE: Record<ErrorCode, string> = {
  invalid_request: "Start again, with other options.",
  not_found: "Start again with the recording.",
  not_kept: "Start again with the recording.",
  conflict: LATER,
  not_authenticated: "Get a new token.",
  foreign_origin: "Use the server’s own address.",
  idempotency_key_reused: "Start again with the recording.",
  too_many_requests: LATER,
  unsupported_url: "Give another link, or upload the file.",
  blocked_address: "Upload the file in place of the link.",
  too_large: "Send a smaller file, such as an MP3.",
  not_audio: "Send a sound or video file.",
  truncated_audio: "Send the whole file.",
  empty_audio: "Check the file, and the section that you asked for.",
  silent_audio: "Check how loud the recording is.",
  too_long: "Ask for a section under “What you know about the music”.",
  video_unavailable: "Give another link, or upload the file.",
  no_notes: "Check that the recording has instruments or voices with a pitch.",
  download_failed: LATER,
  stage_timeout: SECTION,
  out_of_memory: SECTION,
  service_unavailable: LATER,
  weights_missing: OPERATOR,
  port_in_use: OPERATOR,
  postgres_missing: OPERATOR,
  stack_failed: OPERATOR,
  worker_lost: "Try again: it goes on where it stopped.",
  cancelled: "If that was a mistake, it can go on where it stopped.",
  internal: "Try again; if it stays, report it to whoever runs this server.",
};

/** What to do; a code of a later version is known by whether a retry may help. */
export function adviceFor(failure: ErrorDetail): string {
  const known: string | undefined = ADVICE[failure.code];
  return known ?? (failure.retryable ? LATER : OTHER_RECORDING);
}
