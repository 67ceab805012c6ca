import { useId } from "react";
import type { Sending } from "./useSubmission";

/** How far a recording is on its way to the server. */
export function SendingPanel({ sending, onStop }: { sending: Sending; onStop: () => void }) {
  const id = useId();
  const { sent, name } = sending;
  const told =
    sent === null || sent >= 1 ? "Waiting for the server …" : `${Math.round(sent * 100)} %`;
  return (
    <section className="sheet sending">
      <label htmlFor={id}>
        Sending <strong>{name}</strong>
      </label>
      <progress id={id} max={1} value={sent !== null && sent < 1 ? sent : undefined} />
      <div className="between">
        <span>{told}</span>
        <button type="button" className="secondary" onClick={onStop}>
          Stop
        </button>
      </div>
    </section>
  );
}
