import { useState } from "react";
import { Link } from "wouter";
import type { Search, Shown } from "./api";
import { JobRow } from "./JobRow";
import "./library.css";
import { useLibrary } from "./useLibrary";

const SHOWN: readonly { name: Shown; label: string }[] = [
  { name: "all", label: "All" },
  { name: "running", label: "At work" },
  { name: "completed", label: "Done" },
  { name: "failed", label: "Failed" },
];

/** Everything that was transcribed, newest first. */
export default function Library() {
  const [search, setSearch] = useState<Search>({ words: "", shown: "all" });
  const [said, setSaid] = useState("");
  const library = useLibrary(search);
  const { jobs, error, hasNextPage, isFetchingNextPage, isPlaceholderData } = library;
  const searched = search.words.trim() !== "" || search.shown !== "all";

  return (
    <section className="library" aria-labelledby="library-title">
      <h1 id="library-title">Library</h1>
      <search className="library-search">
        <input
          type="search"
          aria-label="Search titles"
          placeholder="Search titles"
          value={search.words}
          maxLength={200}
          onChange={({ target }) => setSearch({ ...search, words: target.value })}
        />
        <fieldset className="library-shown">
          <legend className="visually-hidden">Which are shown</legend>
          {SHOWN.map(({ name, label }) => (
            <label key={name} className={search.shown === name ? "picked" : ""}>
              <input
                type="radio"
                name="shown"
                checked={search.shown === name}
                onChange={() => setSearch({ ...search, shown: name })}
              />
              {label}
            </label>
          ))}
        </fieldset>
      </search>
      <p role="status" className="visually-hidden">
        {said}
      </p>
      {error !== null && (
        <p role="alert" className="fault">
          {error.message}
        </p>
      )}
      {jobs === undefined && error === null && <p aria-busy="true">Opening the library …</p>}
      {jobs?.length === 0 && (
        <p className="library-empty">
          {searched ? (
            "Nothing fits this search."
          ) : (
            <>
              Nothing is here yet. <Link href="/">Start with a recording.</Link>
            </>
          )}
        </p>
      )}
      {jobs !== undefined && jobs.length > 0 && (
        <ul className="library-list" aria-label="Scores" aria-busy={isPlaceholderData}>
          {jobs.map((job) => (
            <JobRow key={job.job_id} job={job} onSay={setSaid} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <button
          type="button"
          className="secondary"
          aria-busy={isFetchingNextPage}
          onClick={() => void library.fetchNextPage()}
        >
          Show more
        </button>
      )}
    </section>
  );
}
