import type { Job } from "../../lib/api";
import { useServer } from "../access/useServer";

/** The way to the job's run in Prefect, on servers that tell where that is. */
export function RunLink({ details }: { details: Job | undefined }) {
  const prefect = useServer()?.prefect_ui_url;
  const run = details?.flow_run_id;
  if (!prefect || !run) return null;
  return (
    <p className="run-link">
      <a href={`${prefect}/v2/runs/flow-run/${run}`}>The run in Prefect</a>
    </p>
  );
}
