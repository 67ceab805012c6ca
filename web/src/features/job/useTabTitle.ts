import { useEffect } from "react";
import type { UseJobProgress } from "./useJobProgress";

const SITE = "Scorewire";

/** Shows in the tab how far the job is, for whoever looks at another one meanwhile. */
export function useTabTitle(title: string, { status, progress, failure }: UseJobProgress): void {
  useEffect(() => {
    const stopped = failure?.code === "cancelled" ? "Stopped" : "Failed";
    const standing = {
      connecting: "",
      processing: `${progress} %`,
      completed: "",
      failed: stopped,
    };
    document.title = [standing[status], title, SITE].filter(Boolean).join(" · ");
    return () => {
      document.title = SITE;
    };
  }, [title, status, progress, failure]);
}
