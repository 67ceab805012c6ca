import { RecentJobs } from "../features/library/RecentJobs";
import { SubmitForm } from "../features/submit/SubmitForm";

export function HomePage() {
  return (
    <>
      <SubmitForm />
      <RecentJobs />
    </>
  );
}
