import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { Link } from "wouter";
import type { Job } from "../../lib/api";
import { deleteJob, renameJob } from "./api";
import { isRunning } from "./useLibrary";

interface Props {
  job: Job;
  /** Told what was done, for those who cannot see it. */
  onSay(said: string): void;
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** One job: where it stands, and what can be done with it. */
export function JobRow({ job, onSay }: Props) {
  const [renaming, setRenaming] = useState(false);
  const title = job.title ?? "Untitled";
  const path = `/jobs/${job.job_id}`;
  return (
    <li className="library-job">
      <div className="library-job-main">
        {renaming ? (
          <RenameForm job={job} onSay={onSay} onDone={() => setRenaming(false)} />
        ) : (
          <Link href={path} className="library-job-title">
            {title}
          </Link>
        )}
        <Standing job={job} />
      </div>
      <div className="library-job-actions">
        <CopyLink path={path} title={title} onSay={onSay} />
        <button
          type="button"
          className="quiet"
          aria-label={`Rename ${title}`}
          onClick={() => setRenaming(true)}
        >
          Rename
        </button>
        <Delete job={job} title={title} onSay={onSay} />
      </div>
    </li>
  );
}

function Standing({ job }: { job: Job }) {
  const day = (
    <time dateTime={job.created_at} className="library-job-day">
      {DAY.format(new Date(job.created_at))}
    </time>
  );
  if (isRunning(job)) {
    return (
      <div className="library-job-standing">
        <progress value={job.progress} max={100} aria-label={`Progress of ${job.title ?? "job"}`} />
        <span>
          {job.status === "queued" ? "Waiting" : `${job.message || "At work"}, ${job.progress} %`}
        </span>
      </div>
    );
  }
  return (
    <div className="library-job-standing">
      {day}
      {job.status === "failed" && (
        <span className="library-job-failed">
          {job.error?.code === "cancelled" ? "Cancelled" : `Failed: ${job.error?.message ?? ""}`}
        </span>
      )}
    </div>
  );
}

interface RenameFormProps extends Props {
  onDone(): void;
}

function RenameForm({ job, onSay, onDone }: RenameFormProps) {
  const client = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (title: string) => renameJob(job.job_id, title),
    onSuccess: async (_, title) => {
      await client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["job", job.job_id] });
      onSay(`Renamed to ${title}.`);
      onDone();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const title = `${new FormData(event.currentTarget).get("title") ?? ""}`.trim();
    if (title === "" || title === job.title) onDone();
    else mutate(title);
  };
  return (
    <form className="library-rename" onSubmit={submit}>
      <input
        name="title"
        aria-label="New title"
        aria-invalid={error === null ? undefined : true}
        defaultValue={job.title ?? ""}
        maxLength={200}
        ref={(input) => input?.select()}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone();
        }}
      />
      <button type="submit" aria-busy={isPending}>
        Save
      </button>
      <button type="button" className="quiet" onClick={onDone}>
        Leave it
      </button>
      {error !== null && (
        <p role="alert" className="fault">
          {error.message}
        </p>
      )}
    </form>
  );
}

interface NamedProps {
  title: string;
  onSay(said: string): void;
}

function CopyLink({ path, title, onSay }: NamedProps & { path: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    const address = new URL(path, window.location.href).href;
    try {
      await navigator.clipboard.writeText(address);
    } catch {
      // Browsers lend the clipboard to secure addresses alone.
      window.prompt("The link to this score:", address);
      return;
    }
    setCopied(true);
    onSay(`The link to ${title} was copied.`);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <button type="button" className="quiet" onClick={copy}>
      {copied ? "Copied" : "Copy link"} <span className="visually-hidden">to {title}</span>
    </button>
  );
}

function Delete({ job, title, onSay }: NamedProps & { job: Job }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const client = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => deleteJob(job.job_id),
    onSuccess: async () => {
      dialog.current?.close();
      onSay(`${title} was deleted.`);
      client.removeQueries({ queryKey: ["job", job.job_id] });
      await client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  return (
    <>
      <button
        type="button"
        className="quiet"
        aria-label={`Delete ${title}`}
        onClick={() => dialog.current?.showModal()}
      >
        Delete
      </button>
      <dialog ref={dialog} aria-label={`Delete ${title}?`}>
        <article>
          <h2>Delete “{title}”?</h2>
          <p>
            {isRunning(job) && "It is still being worked on; that is stopped. "}
            The recording, the score and all that was made of it are removed for good.
          </p>
          {error !== null && (
            <p role="alert" className="fault">
              {error.message}
            </p>
          )}
          <footer>
            <button type="button" className="secondary" onClick={() => dialog.current?.close()}>
              Keep it
            </button>
            <button type="button" aria-busy={isPending} onClick={() => mutate()}>
              Delete it
            </button>
          </footer>
        </article>
      </dialog>
    </>
  );
}
