/** The score of a completed job. */
export default function ScoreView({ jobId }: { jobId: string }) {
  return (
    <p>
      The score is ready: <a href={`/api/v1/scores/${jobId}`}>MusicXML</a>,{" "}
      <a href={`/api/v1/scores/${jobId}/midi`}>MIDI</a>.
    </p>
  );
}
