import { lazy, Suspense, useEffect, useRef } from "react";
import { TokenForm } from "../features/access/TokenForm";
import { Announcer } from "../features/job/Announcer";
import { FailurePanel } from "../features/job/FailurePanel";
import { ProgressPanel } from "../features/job/ProgressPanel";
import { RunLink } from "../features/job/RunLink";
import { useJob } from "../features/job/useJob";
import { useTabTitle } from "../features/job/useTabTitle";
import { NotFound } from "./NotFound";

// The score, its player and their libraries are no part of the first page.
const fetchScoreView = () => import("../features/score/ScoreView");
const ScoreView = lazy(fetchScoreView);

/** One job, from the queue to its score. */
export function JobPage({ jobId }: { jobId: string }) {
  const { live, details } = useJob(jobId);
  const title = details?.title ?? "Your recording";
  useTabTitle(title, live);
  useEffect(() => {
    // While the job is at work there is time for it; a failure comes up when the score is shown.
    fetchScoreView().catch(() => undefined);
  }, []);
  // A score that is engraved again with other options stays in sight meanwhile.
  const hadScore = useRef(false);
  if (live.status === "completed") hadScore.current = true;

  if (live.stopped === "not_authenticated") return <TokenForm />;
  if (live.stopped && live.stopped !== "ended") return <NotFound reason={live.error} />;
  const working = live.status === "processing" || live.status === "connecting";
  return (
    <>
      <Announcer live={live} />
      <h1 className={hadScore.current ? "job-title wide" : "job-title"}>{title}</h1>
      {working && <ProgressPanel jobId={jobId} live={live} details={details} />}
      {live.status === "failed" && live.failure && (
        <FailurePanel jobId={jobId} live={live} failure={live.failure} />
      )}
      {hadScore.current && (
        <Suspense fallback={<p aria-busy="true">Opening the score …</p>}>
          <ScoreView jobId={jobId} />
        </Suspense>
      )}
      <RunLink details={details} />
    </>
  );
}
