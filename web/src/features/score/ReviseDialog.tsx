import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useRef } from "react";
import { HttpError } from "../../lib/http";
import { type Revision, revise } from "./api";
import type { Playback } from "./player/playback";

const METRES = ["2/4", "3/4", "4/4", "2/2", "3/8", "6/8", "9/8", "12/8"] as const;
const EIGHTHS = { Straight: false, Swung: true, "As heard": null } as const;
const TONICS = ["C", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab", "A", "Bb", "B"];
const MINOR_TONICS = ["C", "C#", "D", "D#", "Eb", "E", "F", "F#", "G", "G#", "Ab", "A", "Bb", "B"];
const KEYS = [
  ...TONICS.map((tonic) => `${tonic} major`),
  ...MINOR_TONICS.map((tonic) => `${tonic} minor`),
];

interface Props {
  jobId: string;
  title: string | null;
  playback: Playback;
  onRevising(): void;
}

/** Corrections by hand: the page is written anew, the recording is not listened to again. */
export function ReviseDialog({ jobId, title, playback, onRevising }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (revision: Revision) => revise(jobId, revision),
    onSuccess: () => {
      dialog.current?.close();
      onRevising();
    },
  });

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const revision = changes(new FormData(event.currentTarget), title, playback);
    if (Object.keys(revision).length === 0) dialog.current?.close();
    else mutate(revision);
  };
  const open = () => {
    reset();
    dialog.current?.showModal();
  };

  return (
    <>
      <button type="button" className="quiet" onClick={open}>
        Correct …
      </button>
      <dialog ref={dialog} className="revise" aria-labelledby="revise-title">
        <form onSubmit={submit}>
          <h2 id="revise-title">Correct the score</h2>
          <p className="hint">
            The notes stay as they were heard; the page is written anew, in a few seconds.
          </p>
          <Field label="Title" field="title" error={error}>
            <input name="title" defaultValue={title ?? ""} maxLength={200} />
          </Field>
          <div className="fields">
            <Field label="Beats a minute" field="tempo_bpm" error={error}>
              <input
                name="tempo_bpm"
                type="number"
                inputMode="decimal"
                min={20}
                max={400}
                step="any"
                required
                defaultValue={round(playback.tempo_bpm)}
              />
            </Field>
            <Field label="Metre" field="metre" error={error}>
              <select name="metre" defaultValue={playback.metre}>
                {withCurrent(METRES, playback.metre)}
              </select>
            </Field>
            <Field label="Key" field="key" error={error}>
              <select name="key" defaultValue={playback.key}>
                {withCurrent(KEYS, playback.key)}
              </select>
            </Field>
            <Field label="Eighths" field="swing" error={error}>
              <select name="eighths" defaultValue={eighthsOf(playback)}>
                {Object.keys(EIGHTHS).map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </Field>
          </div>
          <label>
            <input name="chord_symbols" type="checkbox" defaultChecked={playback.chord_symbols} />
            Name the chords over the notes
          </label>
          {playback.parts.map((part, index) => (
            <Field
              // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place in the score
              key={index}
              label={playback.parts.length > 1 ? `Instrument ${index + 1}` : "Instrument"}
              field={`instrument_names[${index}]`}
              error={error}
            >
              <input name="instrument" defaultValue={part.name} maxLength={100} required />
            </Field>
          ))}
          {error !== null && <p role="alert">{error.message}</p>}
          <footer>
            <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
              Leave as it is
            </button>
            <button type="submit" aria-busy={isPending} disabled={isPending}>
              Write it anew
            </button>
          </footer>
        </form>
      </dialog>
    </>
  );
}

interface FieldProps {
  label: string;
  field: string;
  error: Error | null;
  children: ReactNode;
}

function Field({ label, field, error, children }: FieldProps) {
  const faults = error instanceof HttpError ? error.fields : [];
  const fault = faults.find((each) => each.field === field);
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: each field is put into its label as a child
    <label>
      {label}
      {children}
      {fault !== undefined && <small className="fault">{fault.message}</small>}
    </label>
  );
}

/** Only what was changed: what is left out stays as it was found. */
export function changes(form: FormData, title: string | null, playback: Playback): Revision {
  const revision: Revision = {};
  const text = (name: string) => `${form.get(name) ?? ""}`.trim();
  const names = form.getAll("instrument").map((name) => `${name}`.trim());
  const tempo_bpm = Number(text("tempo_bpm"));
  if (text("title") !== (title ?? "")) revision.title = text("title");
  if (tempo_bpm > 0 && tempo_bpm !== round(playback.tempo_bpm)) revision.tempo_bpm = tempo_bpm;
  const metre = METRES.find((each) => each === text("metre"));
  if (metre !== undefined && metre !== playback.metre) revision.metre = metre;
  if (text("key") !== playback.key) revision.key = text("key");
  const eighths = text("eighths") as keyof typeof EIGHTHS;
  if (eighths !== eighthsOf(playback)) revision.swing = EIGHTHS[eighths];
  const chord_symbols = form.get("chord_symbols") !== null;
  if (chord_symbols !== playback.chord_symbols) revision.chord_symbols = chord_symbols;
  if (names.some((name, index) => name !== playback.parts[index]?.name)) {
    revision.instrument_names = names;
  }
  return revision;
}

/** How they stand on the page, whoever said so. */
function eighthsOf(playback: Playback): keyof typeof EIGHTHS {
  return playback.swung ? "Swung" : "Straight";
}

function withCurrent(choices: readonly string[], current: string) {
  const all = choices.includes(current) ? choices : [current, ...choices];
  return all.map((choice) => (
    <option key={choice} value={choice}>
      {choice.replace(/^(.)b /, "$1♭ ").replace(/^(.)# /, "$1♯ ")}
    </option>
  ));
}

function round(tempo_bpm: number): number {
  return Math.round(tempo_bpm * 10) / 10;
}
