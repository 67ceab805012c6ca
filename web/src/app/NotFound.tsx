import { Link } from "wouter";

export function NotFound() {
  return (
    <section className="sheet">
      <h1>There is nothing here</h1>
      <p>
        Check the address, or <Link href="/">start with a recording</Link>.
      </p>
    </section>
  );
}
