import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { listJobs } from "../../lib/api";

/** The newest jobs. */
export function RecentJobs() {
  const { data } = useQuery({ queryKey: ["jobs"], queryFn: ({ signal }) => listJobs(signal) });
  if (!data?.jobs.length) return null;
  return (
    <section className="recent" aria-labelledby="recent">
      <h2 id="recent">Recent</h2>
      <ul>
        {data.jobs.map((job) => (
          <li key={job.job_id}>
            <Link href={`/jobs/${job.job_id}`}>{job.title ?? "Untitled"}</Link>
            <span>{job.status}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
