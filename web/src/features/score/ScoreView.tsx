import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { type Job, readJob } from "../../lib/api";
import { type Engraving, type Layout, readPages, readPlayback } from "./api";
import { Transport } from "./controls/Transport";
import { Downloads } from "./Downloads";
import type { Playback } from "./player/playback";
import type { Player } from "./player/player";
import { ReviseDialog } from "./ReviseDialog";
import "./score.css";
import "./controls/controls.css";
import "./controls/transport.css";
import type { SheetMarks } from "./sheet/marks";
import { ScoreSheet } from "./sheet/ScoreSheet";
import { useWidth } from "./sheet/useWidth";
import { useMarks } from "./useMarks";
import { usePlayer, usePlayerState } from "./usePlayer";
import { Viewing } from "./Viewing";

/** The score of a job: to read, to play, to correct and to take along. */
export default function ScoreView({ jobId }: { jobId: string }) {
  const client = useQueryClient();
  const sheet = useRef<HTMLDivElement>(null);
  const width = useWidth(sheet);
  const [scale, setScale] = useState(100);
  const [layout, setLayout] = useState<Layout>("pages");
  const [transpose, setTranspose] = useState(0);
  const { data: job } = useQuery({
    queryKey: ["job", jobId],
    queryFn: ({ signal }) => readJob(jobId, signal),
  });
  const attempt = useLastWritten(job);
  const playing = useQuery({
    queryKey: ["score", jobId, "playback", attempt],
    queryFn: ({ signal }) => readPlayback(jobId, signal),
    enabled: attempt > 0,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const look = { width: width ?? 0, scale, transpose, layout };
  const drawing = useQuery({
    queryKey: ["score", jobId, "pages", attempt, look],
    queryFn: ({ signal }) => readPages(jobId, look, signal),
    enabled: width !== null && attempt > 0,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const player = usePlayer(jobId, playing.data);
  useEffect(() => player?.setTranspose(transpose), [player, transpose]);
  const failed = drawing.error ?? playing.error;

  return (
    <article className="score" aria-label="Score">
      <div className="score-tools">
        <Viewing
          {...{ scale, layout, transpose }}
          onScale={setScale}
          onLayout={setLayout}
          onTranspose={setTranspose}
        />
        <div className="score-actions">
          {playing.data !== undefined && (
            <ReviseDialog
              key={attempt}
              jobId={jobId}
              title={job?.title ?? null}
              playback={playing.data}
              onRevising={() => void client.invalidateQueries({ queryKey: ["job", jobId] })}
            />
          )}
          <Downloads jobId={jobId} />
        </div>
      </div>
      {failed !== null && (
        <p role="alert" className="score-problem">
          {failed.message}
        </p>
      )}
      <div ref={sheet} className="sheet-host">
        {player !== null && playing.data !== undefined && drawing.data !== undefined ? (
          <PlayedSheet
            player={player}
            playback={playing.data}
            engraving={drawing.data}
            busy={drawing.isPlaceholderData}
            label={describe(job?.title ?? "Score", playing.data)}
          />
        ) : (
          failed === null && (
            <p className="sheet-waiting" aria-busy="true">
              Engraving the score …
            </p>
          )
        )}
      </div>
      {player !== null && playing.data !== undefined && (
        <Transport player={player} parts={playing.data.parts} />
      )}
      <p className="score-credits">
        Engraved by Verovio. Sounds: Sonivox, © 2004–2006 Sonic Network Inc., under the Apache
        License 2.0, from alphaTab; played by SpessaSynth.
      </p>
    </article>
  );
}

/** The attempt that wrote the score: while another one writes it anew, the old one stays in sight. */
function useLastWritten(job: Job | undefined): number {
  const [written, setWritten] = useState(0);
  const latest = job?.status === "completed" ? job.attempt : written;
  if (latest !== written) setWritten(latest);
  return latest;
}

interface PlayedSheetProps {
  player: Player;
  playback: Playback;
  engraving: Engraving;
  busy: boolean;
  label: string;
}

function PlayedSheet({ player, playback, engraving, busy, label }: PlayedSheetProps) {
  const [marks, setMarks] = useState<SheetMarks | null>(null);
  useMarks(player, playback, marks);
  const { source } = usePlayerState(player);
  const jump = useCallback(
    ({ note, bar }: { note: string | null; bar: number | null }) => {
      const found = playback.notes.find(({ id, tied_ids }) =>
        note === null ? false : id === note || tied_ids.includes(note),
      );
      if (found !== undefined) {
        const { timeline } = player;
        const heard_s = timeline.toScore(found.recording_onset_s);
        player.seek(source === "recording" ? heard_s : found.onset_s);
      } else if (bar !== null) player.seek(player.timeline.barStart(bar));
    },
    [player, playback, source],
  );
  return <ScoreSheet {...{ engraving, busy, label }} onMarks={setMarks} onPick={jump} />;
}

function describe(title: string, playback: Playback): string {
  const parts = playback.parts.map(({ name }) => name).join(", ");
  const bars = playback.bars.length;
  return `${title}: ${bars} bars in ${playback.key}, ${playback.metre}, for ${parts}.`;
}
