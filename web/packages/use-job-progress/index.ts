/** Watch a Scorewire job: as a React hook, or as a class for everything else. */

export {
  type UseJobProgress,
  type UseJobProgressOptions,
  useJobProgress,
} from "../../src/features/job/useJobProgress";
export type { JobState, Status } from "../../src/lib/jobProgress";
export {
  type Connection,
  type JobProgress,
  JobSocket,
  type JobSocketOptions,
  type Stopped,
  TIMING,
} from "../../src/lib/jobSocket";
export type { components, operations, paths } from "../../src/wire/api";
export type * from "../../src/wire/messages";
