/** The first two bars of the example, Petzold's Menuet in G, as an ornament. */

const STEP = 5;
const BOTTOM = 56; // the lowest line, E4
const STEM = 31;

interface Note {
  x: number;
  /** Steps above the lowest line. */
  step: number;
  eighth?: boolean;
}

const NOTES: Note[] = [
  { x: 92, step: 6 },
  { x: 148, step: 2, eighth: true },
  { x: 182, step: 3, eighth: true },
  { x: 216, step: 4, eighth: true },
  { x: 250, step: 5, eighth: true },
  { x: 338, step: 6 },
  { x: 396, step: 2 },
  { x: 454, step: 2 },
];

const head = (note: Note) => BOTTOM - STEP * note.step;

/** The beam rises with its notes, less steeply than they do. */
const beam = (x: number) => 15 - ((x - 148) / 102) * 7;

function stem(note: Note): string {
  const [x, y] = [note.x, head(note)];
  if (note.eighth) return `M${x + 5.6} ${y - 1.5}V${beam(x)}`;
  return note.step >= 4 ? `M${x - 5.6} ${y + 1.5}v${STEM}` : `M${x + 5.6} ${y - 1.5}v${-STEM}`;
}

export function Incipit() {
  const top = BOTTOM - 8 * STEP;
  return (
    <svg className="incipit" viewBox="0 0 500 72" aria-hidden="true" focusable="false">
      <g className="lines">
        {[0, 1, 2, 3, 4].map((line) => (
          <path key={line} d={`M0 ${BOTTOM - 2 * STEP * line}H500`} />
        ))}
        <path d={`M296 ${top}V${BOTTOM}M499.5 ${top}V${BOTTOM}`} />
      </g>
      <g className="notes">
        <text x="40" y={BOTTOM - 4 * STEP - 1}>
          3
        </text>
        <text x="40" y={BOTTOM - 1}>
          4
        </text>
        {NOTES.map((note) => (
          <g key={note.x}>
            <ellipse
              cx={note.x}
              cy={head(note)}
              rx="6.4"
              ry="4.5"
              transform={`rotate(-22 ${note.x} ${head(note)})`}
            />
            <path d={stem(note)} />
          </g>
        ))}
        <path className="beam" d={`M153 ${beam(148)}L256.2 ${beam(250)}`} />
      </g>
    </svg>
  );
}
