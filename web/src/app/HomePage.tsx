import { TokenForm } from "../features/access/TokenForm";
import { useServer } from "../features/access/useServer";
import { RecentJobs } from "../features/library/RecentJobs";
import { SubmitForm } from "../features/submit/SubmitForm";
import { useToken } from "../lib/token";
import { Incipit } from "./Incipit";

/** Where one begins: hand a recording in, or go back to an earlier one. */
export function HomePage() {
  const asksForToken = useServer()?.token_required === true;
  const token = useToken();
  return (
    <>
      <section className="hero">
        <h1>
          From what you hear <br />
          to what you can read
        </h1>
        <p>Hand in a recording. Scorewire writes down its notes, and you watch it happen.</p>
        <Incipit />
      </section>
      {asksForToken && !token ? <TokenForm /> : <SubmitForm />}
      <RecentJobs />
    </>
  );
}
