import "./submit.css";
import { type DragEvent, type FormEvent, useRef, useState } from "react";
import { useServer } from "../access/useServer";
import { Field } from "./Field";
import { SendingPanel } from "./SendingPanel";
import { useSubmission } from "./useSubmission";
import { WishFields } from "./WishFields";
import { type Faults, faultsOf, NO_WISHES, optionsOf, type Wishes } from "./wishes";

/** Where the faults of fields that are folded away begin. */
const OPTIONS = "options";

/** Takes a link or a file, and what is known about it. */
export function SubmitForm() {
  const server = useServer();
  const [link, setLink] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [wishes, setWishes] = useState<Wishes>(NO_WISHES);
  const [unfolded, setUnfolded] = useState(false);
  const [dragging, setDragging] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const { sending, faults, setFaults, submit, submitExample, stop } = useSubmission();

  const choose = (chosen: File | undefined) => {
    if (!chosen) return;
    setFile(chosen);
    setFaults({});
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDragging(false);
    const text = event.dataTransfer.getData("text/uri-list");
    if (event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
    else if (text) setLink(text);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const found: Faults = { ...sourceFaults(link, file, server?.max_upload_bytes) };
    Object.assign(found, faultsOf(wishes));
    setFaults(found);
    if (Object.keys(found).length) return;
    const recording = file
      ? ({ kind: "file", file } as const)
      : ({ kind: "link", url: link.trim() } as const);
    void submit(recording, optionsOf(wishes));
  };

  if (sending) return <SendingPanel sending={sending} onStop={stop} />;
  const inOptions = Object.keys(faults).some((field) => field.startsWith(OPTIONS));
  const elsewhere = Object.entries(faults).filter(([field]) => !isShown(field, file !== null));
  return (
    <form
      className={dragging ? "sheet submit dragging" : "sheet submit"}
      noValidate
      onSubmit={onSubmit}
      onDragOver={(event) => {
        event.preventDefault();
        setDragging(true);
      }}
      onDragLeave={() => setDragging(false)}
      onDrop={drop}
    >
      {file ? (
        <div className="field">
          <div className="chosen">
            <span className="chosen-name">
              <strong>{file.name}</strong> <small>{megabytes(file.size)}</small>
            </span>
            <button type="button" className="quiet" onClick={() => setFile(null)}>
              Another one
            </button>
          </div>
          {faults.file && (
            <small className="fault" role="alert">
              {faults.file}
            </small>
          )}
        </div>
      ) : (
        <div className="sources">
          <Field label="Link to a recording" fault={faults.youtube_url}>
            {(ties) => (
              <input
                {...ties}
                type="url"
                inputMode="url"
                autoComplete="off"
                placeholder="https://www.youtube.com/watch?v=…"
                value={link}
                onChange={(event) => setLink(event.target.value)}
              />
            )}
          </Field>
          <span className="or" aria-hidden="true">
            or
          </span>
          <button type="button" className="drop" onClick={() => chooser.current?.click()}>
            <span>Choose a file</span>
            <small>or drop one here: sound or video</small>
          </button>
          <input
            ref={chooser}
            type="file"
            accept="audio/*,video/*"
            hidden
            aria-label="Recording"
            onChange={(event) => choose(event.target.files?.[0])}
          />
        </div>
      )}
      <details
        open={unfolded || inOptions}
        onToggle={(event) => setUnfolded(event.currentTarget.open)}
      >
        <summary>What you know about the music</summary>
        <WishFields
          wishes={wishes}
          faults={faults}
          onChange={(changed) => setWishes((now) => ({ ...now, ...changed }))}
        />
      </details>
      {elsewhere.map(([field, message]) => (
        <p key={field} className="fault" role="alert">
          {message}
        </p>
      ))}
      <div className="actions">
        <button type="submit">Write it down</button>
        <button type="button" className="secondary" onClick={() => void submitExample()}>
          Try the example
        </button>
      </div>
    </form>
  );
}

/** Whether a field of the form shows its own fault. */
function isShown(field: string, hasFile: boolean): boolean {
  return field === (hasFile ? "file" : "youtube_url") || SHOWN_OPTIONS.has(field);
}

const SHOWN_OPTIONS = new Set([
  "options.start_s",
  "options.end_s",
  "options.title",
  "options.separation",
  "options.notation",
  "options.notation.tempo_bpm",
  "options.notation.time_signature",
  "options.notation.key",
]);

function sourceFaults(link: string, file: File | null, maxBytes: number | undefined): Faults {
  if (!file && !link.trim()) return { youtube_url: "Paste a link, or choose a file." };
  if (file && maxBytes && file.size > maxBytes)
    return {
      file: `This server takes at most ${megabytes(maxBytes)}. Send a smaller file, such as an MP3.`,
    };
  return {};
}

function megabytes(bytes: number): string {
  const size = bytes / 1_000_000;
  return size < 1 ? `${Math.ceil(bytes / 1000)} kB` : `${size.toFixed(size < 10 ? 1 : 0)} MB`;
}
