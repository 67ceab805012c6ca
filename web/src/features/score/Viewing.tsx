import type { Layout } from "./api";

const SCALES = [40, 50, 60, 70, 80, 90, 100, 110, 125, 150, 175, 200];
const FARTHEST = 12;

interface Props {
  scale: number;
  layout: Layout;
  transpose: number;
  onScale(scale: number): void;
  onLayout(layout: Layout): void;
  onTranspose(semitones: number): void;
}

/** How the score is looked at: its size, its pages, its key. */
export function Viewing({ scale, layout, transpose, onScale, onLayout, onTranspose }: Props) {
  const step = (by: number) => {
    const next = SCALES[SCALES.indexOf(scale) + by];
    if (next !== undefined) onScale(next);
  };
  return (
    <div className="score-viewing">
      <Stepper
        label="Size"
        value={`${scale} %`}
        less={{ name: "Smaller", act: () => step(-1), off: scale === SCALES[0] }}
        more={{ name: "Larger", act: () => step(1), off: scale === SCALES.at(-1) }}
      />
      <Stepper
        label="Transpose"
        value={transpose === 0 ? "0" : transpose > 0 ? `+${transpose}` : `−${-transpose}`}
        less={{
          name: "A semitone down",
          act: () => onTranspose(transpose - 1),
          off: transpose <= -FARTHEST,
        }}
        more={{
          name: "A semitone up",
          act: () => onTranspose(transpose + 1),
          off: transpose >= FARTHEST,
        }}
      />
      <fieldset className="segments">
        <legend className="visually-hidden">Layout</legend>
        {(["pages", "continuous"] as const).map((each) => (
          <label key={each} className={each === layout ? "picked" : ""}>
            <input
              type="radio"
              name="layout"
              checked={each === layout}
              onChange={() => onLayout(each)}
            />
            {each === "pages" ? "Pages" : "Continuous"}
          </label>
        ))}
      </fieldset>
    </div>
  );
}

interface Step {
  name: string;
  act(): void;
  off: boolean;
}

interface StepperProps {
  label: string;
  value: string;
  less: Step;
  more: Step;
}

function Stepper({ label, value, less, more }: StepperProps) {
  return (
    <fieldset className="stepper">
      <legend className="visually-hidden">{label}</legend>
      <span aria-hidden="true">{label}</span>
      <button type="button" aria-label={less.name} disabled={less.off} onClick={less.act}>
        −
      </button>
      <output>{value}</output>
      <button type="button" aria-label={more.name} disabled={more.off} onClick={more.act}>
        +
      </button>
    </fieldset>
  );
}
