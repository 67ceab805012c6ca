import "./job.css";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { Link } from "wouter";
import { retryJob } from "../../lib/api";
import type { ErrorDetail } from "../../wire/messages";
import { adviceFor } from "./advice";
import { Stages } from "./Stages";
import { STAGE_NAMES } from "./stages";
import type { UseJobProgress } from "./useJobProgress";

/** Why a job ended without a score, and what to do. */
export function FailurePanel({ jobId, live, failure }: FailurePanelProps) {
  const id = useId();
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: () => retryJob(jobId),
    onSuccess: () => {
      live.resume();
      return client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  const cancelled = failure.code === "cancelled";
  const from = failure.stage ? ` from “${STAGE_NAMES[failure.stage]}”` : "";
  return (
    <section className={cancelled ? "sheet failure calm" : "sheet failure"} aria-labelledby={id}>
      <h2 id={id}>{cancelled ? "Stopped" : "This did not work"}</h2>
      {!cancelled && <p className="reason">{failure.message}</p>}
      <p>{adviceFor(failure)}</p>
      <Stages live={live} />
      <div className="actions">
        {failure.retryable && (
          <button type="button" aria-busy={retry.isPending} onClick={() => retry.mutate()}>
            {cancelled ? "Go on" : "Try again"}
            {from}
          </button>
        )}
        <Link href="/" role="button" className={failure.retryable ? "secondary" : ""}>
          Start with another recording
        </Link>
      </div>
      {retry.isError && (
        <p className="fault" role="alert">
          {retry.error.message}
        </p>
      )}
    </section>
  );
}

interface FailurePanelProps {
  jobId: string;
  live: UseJobProgress;
  failure: ErrorDetail;
}
