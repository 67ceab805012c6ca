import { Field } from "./Field";
import {
  EIGHTHS,
  type Faults,
  KEYS,
  METRES,
  PLAYERS,
  prettyKey,
  SEPARATION,
  STEMS,
  type Stem,
  type Wishes,
} from "./wishes";

interface WishFieldsProps {
  wishes: Wishes;
  faults: Faults;
  onChange: (changed: Partial<Wishes>) => void;
}

/** What may be said about a recording; whatever is left open is found out. */
export function WishFields({ wishes, faults, onChange }: WishFieldsProps) {
  return (
    <div className="wishes">
      <fieldset>
        <legend>What plays?</legend>
        {entries(PLAYERS).map(([player, words]) => (
          <label key={player}>
            <input
              type="radio"
              name="player"
              checked={wishes.player === player}
              onChange={() => onChange({ player })}
            />
            {words}
          </label>
        ))}
      </fieldset>
      {wishes.player === "mix" && <Instruments {...{ wishes, faults, onChange }} />}
      <div className="pair">
        <Field
          label="From"
          hint="Like 0:30; the beginning if empty"
          fault={faults["options.start_s"]}
        >
          {(ties) => (
            <input
              {...ties}
              inputMode="numeric"
              placeholder="0:00"
              value={wishes.start}
              onChange={(event) => onChange({ start: event.target.value })}
            />
          )}
        </Field>
        <Field label="To" hint="The end if empty" fault={faults["options.end_s"]}>
          {(ties) => (
            <input
              {...ties}
              inputMode="numeric"
              placeholder="End"
              value={wishes.end}
              onChange={(event) => onChange({ end: event.target.value })}
            />
          )}
        </Field>
      </div>
      <div className="known">
        <Field
          label="Tempo"
          hint="Quarter notes a minute"
          fault={faults["options.notation.tempo_bpm"]}
        >
          {(ties) => (
            <input
              {...ties}
              inputMode="decimal"
              placeholder="Found out"
              value={wishes.tempo}
              onChange={(event) => onChange({ tempo: event.target.value })}
            />
          )}
        </Field>
        <Field label="Metre" fault={faults["options.notation.time_signature"]}>
          {(ties) => (
            <select
              {...ties}
              value={wishes.metre}
              onChange={(event) => onChange({ metre: event.target.value })}
            >
              <option value="">Found out</option>
              {METRES.map((metre) => (
                <option key={metre}>{metre}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Key" fault={faults["options.notation.key"]}>
          {(ties) => (
            <select
              {...ties}
              value={wishes.key}
              onChange={(event) => onChange({ key: event.target.value })}
            >
              <option value="">Found out</option>
              {KEYS.map((key) => (
                <option key={key} value={key}>
                  {prettyKey(key)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Eighths" fault={faults["options.notation"]}>
          {(ties) => (
            <select
              {...ties}
              value={wishes.eighths}
              onChange={(event) => onChange({ eighths: event.target.value as Wishes["eighths"] })}
            >
              {entries(EIGHTHS).map(([eighths, words]) => (
                <option key={eighths} value={eighths}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <Field label="Title" fault={faults["options.title"]}>
        {(ties) => (
          <input
            {...ties}
            maxLength={200}
            placeholder="The recording’s own"
            value={wishes.title}
            onChange={(event) => onChange({ title: event.target.value })}
          />
        )}
      </Field>
      <label>
        <input
          type="checkbox"
          checked={wishes.chordSymbols}
          onChange={(event) => onChange({ chordSymbols: event.target.checked })}
        />
        Name the chords over the notes
      </label>
    </div>
  );
}

function Instruments({ wishes, faults, onChange }: WishFieldsProps) {
  const chosen = (stem: Stem) => wishes.stems.includes(stem);
  const toggle = (stem: Stem) =>
    onChange({
      stems: chosen(stem)
        ? wishes.stems.filter((other) => other !== stem)
        : [...wishes.stems, stem],
    });
  return (
    <>
      <Field label="Take the instruments apart first?" fault={faults["options.separation"]}>
        {(ties) => (
          <select
            {...ties}
            value={wishes.separation}
            onChange={(event) =>
              onChange({ separation: event.target.value as Wishes["separation"] })
            }
          >
            {entries(SEPARATION).map(([mode, words]) => (
              <option key={mode} value={mode}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {wishes.separation !== "none" && (
        <fieldset className="chips">
          <legend>Write down only …</legend>
          {entries(STEMS).map(([stem, words]) => (
            <label key={stem}>
              <input type="checkbox" checked={chosen(stem)} onChange={() => toggle(stem)} />
              {words}
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}

function entries<K extends string, V>(record: Partial<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}
