import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { type Job, listJobs } from "../../lib/api";
import { isRunning, RUNNING_INTERVAL_MS } from "./useLibrary";

/** The newest jobs. */
export function RecentJobs() {
  const { data } = useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => listJobs(signal),
    refetchInterval: ({ state }) =>
      state.data?.jobs.some(isRunning) ? RUNNING_INTERVAL_MS : false,
  });
  if (!data?.jobs.length) return null;
  return (
    <section className="recent" aria-labelledby="recent">
      <h2 id="recent">Recent</h2>
      <ul>
        {data.jobs.map((job) => (
          <li key={job.job_id}>
            <Link href={`/jobs/${job.job_id}`}>{job.title ?? "Untitled"}</Link>
            <span>{standing(job)}</span>
          </li>
        ))}
      </ul>
      <p>
        <Link href="/library">All of them, in the library</Link>
      </p>
    </section>
  );
}

function standing(job: Job): string {
  if (job.status === "queued") return "Waiting";
  if (job.status === "processing") return `${job.progress} %`;
  if (job.status === "completed") return "Ready";
  return job.error?.code === "cancelled" ? "Cancelled" : "Failed";
}
