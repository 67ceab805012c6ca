import { lazy, Suspense } from "react";

// The score, its player and their libraries are fetched when there is a score.
const ScoreView = lazy(() => import("../features/score/ScoreView"));

export function JobPage({ jobId }: { jobId: string }) {
  return (
    <Suspense fallback={<p aria-busy="true">Opening the score …</p>}>
      <ScoreView jobId={jobId} />
    </Suspense>
  );
}
