import { STAGE_NAMES, STAGES, type Standing, shareOf, standingOf } from "./stages";
import type { UseJobProgress } from "./useJobProgress";

const WORDS: Record<Standing, string> = {
  waiting: "waiting",
  working: "at work",
  done: "done",
  failed: "stopped here",
};

/** The four stages as four bars of a staff, which fill as the work is done. */
export function Stages({ live }: { live: UseJobProgress }) {
  return (
    <ol className="stages">
      {STAGES.map((stage) => {
        const standing = standingOf(stage, live.stage, live.status);
        const filled = standing === "done" ? 1 : shareOf(stage, live.progress);
        return (
          <li
            key={stage}
            className={standing}
            aria-current={standing === "working" ? "step" : undefined}
          >
            <span className="bar" aria-hidden="true">
              <span className="filled" style={{ width: `${filled * 100}%` }} />
            </span>
            <span className="stage-name">{STAGE_NAMES[stage]}</span>
            <span className="visually-hidden">: {WORDS[standing]}</span>
          </li>
        );
      })}
    </ol>
  );
}
