// Not part of the page: `tsc` proves here that `type` tells the generated messages apart.
import type { Completed, Failed, Heartbeat, Progress, ServerMessage } from "./messages";

export function narrowed(message: ServerMessage): Progress | Completed | Failed | Heartbeat {
  switch (message.type) {
    case "progress":
      return message satisfies Progress;
    case "completed":
      return message satisfies Completed;
    case "error":
      return message satisfies Failed;
    case "heartbeat":
      return message satisfies Heartbeat;
    default:
      return message satisfies never;
  }
}

// @ts-expect-error a heartbeat has no place in a job's history
export const place = (message: Heartbeat): number => message.id;
