import { useQuery } from "@tanstack/react-query";
import { type MouseEvent, useState } from "react";
import { request } from "../../lib/http";
import { readToken } from "../../lib/token";
import { listStems } from "./api";
import { Popover } from "./controls/Popover";

interface File {
  path: string;
  label: string;
  hint: string;
}

function scoreFiles(jobId: string): File[] {
  const score = `/api/v1/scores/${jobId}`;
  return [
    { path: `${score}/pdf`, label: "PDF", hint: "to print" },
    { path: score, label: "MusicXML", hint: "for MuseScore, Dorico, Sibelius" },
    { path: `${score}/midi?timing=quantised`, label: "MIDI, as written", hint: "even, in bars" },
    { path: `${score}/midi?timing=performed`, label: "MIDI, as played", hint: "free, as heard" },
  ];
}

/** What can be taken along. */
export function Downloads({ jobId }: { jobId: string }) {
  const [problem, setProblem] = useState<string | null>(null);
  const { data: stems = [] } = useQuery({
    queryKey: ["score", jobId, "stems"],
    queryFn: ({ signal }) => listStems(jobId, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const listed = (files: File[]) => (
    <ul className="downloads">
      {files.map((file) => (
        <li key={file.path}>
          <Download file={file} onProblem={setProblem} />
        </li>
      ))}
    </ul>
  );
  return (
    <Popover label="Download" title="Take it along" className="menu">
      {listed(scoreFiles(jobId))}
      {stems.length > 0 && (
        <>
          <p className="popover-title">Instruments, taken apart</p>
          {listed(stems.map(({ name, url }) => ({ path: url, label: name, hint: "sound" })))}
        </>
      )}
      {problem !== null && <p role="alert">{problem}</p>}
    </Popover>
  );
}

/** A link; where a token is needed, which no address may carry, the file is fetched with it. */
function Download({ file, onProblem }: { file: File; onProblem(problem: string | null): void }) {
  const [busy, setBusy] = useState(false);
  const take = async (event: MouseEvent) => {
    if (readToken() === null) return;
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    onProblem(null);
    try {
      const answer = await request(file.path);
      save(await answer.blob(), nameIn(answer.headers.get("Content-Disposition")));
    } catch (error) {
      onProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <a href={file.path} download onClick={take} aria-busy={busy}>
      <strong>{file.label}</strong> <small>{file.hint}</small>
    </a>
  );
}

function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The name that the server gives a file, in either spelling of RFC 6266. */
export function nameIn(disposition: string | null): string {
  const extended = /filename\*=utf-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1] ?? "score";
}
