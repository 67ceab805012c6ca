import { Link } from "wouter";

/** Says that an address leads nowhere, and where to go from there. */
export function NotFound({ reason }: { reason?: string | null }) {
  return (
    <section className="sheet">
      <h1>There is nothing here</h1>
      <p>{reason ?? "Nothing has this address."}</p>
      <p>
        <Link href="/">Start with a recording</Link>
      </p>
    </section>
  );
}
