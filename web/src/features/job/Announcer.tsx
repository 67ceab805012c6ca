import { STAGE_NAMES } from "./stages";
import type { UseJobProgress } from "./useJobProgress";

/** Tells a screen reader of each new stage and of the end, and of nothing in between. */
export function Announcer({ live }: { live: UseJobProgress }) {
  return (
    <p role="status" className="visually-hidden">
      {sentence(live)}
    </p>
  );
}

function sentence({ status, stage, failure }: UseJobProgress): string {
  if (status === "completed") return "The score is ready.";
  if (status === "failed") return failure?.message ?? "";
  return stage ? `${STAGE_NAMES[stage]} …` : "";
}
