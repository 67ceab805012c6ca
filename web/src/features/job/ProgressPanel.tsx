import "./job.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { cancelJob, type Job, readEstimate } from "../../lib/api";
import type { Connection } from "../../lib/jobSocket";
import { formatTimecode, roughly } from "../../lib/time";
import { Stages } from "./Stages";
import type { UseJobProgress } from "./useJobProgress";
import { useNow } from "./useNow";

const CONNECTIONS: Partial<Record<Connection, string>> = {
  reconnecting: "Connecting again … the work goes on meanwhile.",
  polling: "No live connection; asking every two seconds.",
};

/** A job at work: where it stands, how long yet, and a way to stop it. */
export function ProgressPanel({ jobId, live, details }: ProgressPanelProps) {
  const id = useId();
  const now = useNow(true);
  const cancel = useMutation({ mutationFn: () => cancelJob(jobId) });
  const startedAt = details?.attempt === live.attempt ? details.started_at : null;
  const connection = CONNECTIONS[live.connection];
  return (
    <section className="sheet watching" aria-labelledby={id}>
      <div className="between">
        <h2 id={id}>
          <label htmlFor={`${id}-bar`}>{live.message || "Finding out where it stands …"}</label>
        </h2>
        <span className="percent" aria-hidden="true">
          {live.progress}
          <small> %</small>
        </span>
      </div>
      <Stages live={live} />
      {/* What the staff shows, for whoever cannot see it. */}
      <progress id={`${id}-bar`} className="visually-hidden" max={100} value={live.progress} />
      <div className="between">
        <p className="times">
          {startedAt && <span>{formatTimecode((now - Date.parse(startedAt)) / 1000)} so far</span>}
          <Remaining jobId={jobId} stage={live.stage} attempt={live.attempt} now={now} />
        </p>
        <button
          type="button"
          className="secondary"
          disabled={cancel.isPending || cancel.isSuccess}
          onClick={() => cancel.mutate()}
        >
          {cancel.isIdle || cancel.isError ? "Cancel" : "Cancelling …"}
        </button>
      </div>
      {connection && <p className="connection">{connection}</p>}
      {cancel.isError && (
        <p className="fault" role="alert">
          {cancel.error.message}
        </p>
      )}
    </section>
  );
}

interface ProgressPanelProps {
  jobId: string;
  live: UseJobProgress;
  details: Job | undefined;
}

/** How long it may take yet, as past jobs of the kind did; nothing where that is not known. */
function Remaining({ jobId, stage, attempt, now }: RemainingProps) {
  const { data, dataUpdatedAt } = useQuery({
    queryKey: ["estimate", jobId, attempt, stage],
    queryFn: ({ signal }) => readEstimate(jobId, signal),
    refetchInterval: ({ state }) => (state.status === "error" ? false : 10_000),
    placeholderData: (before) => before,
  });
  if (data?.remaining_s == null) return null;
  const left = data.remaining_s - (now - dataUpdatedAt) / 1000;
  // Whoever queues for longer than jobs like this did is not nearly there.
  if (stage === null && left < 3) return null;
  return <span>{left < 3 ? "nearly there" : `${roughly(left)} to go`}</span>;
}

interface RemainingProps {
  jobId: string;
  stage: string | null;
  attempt: number;
  now: number;
}
