import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./styles/theme.css";
import "./styles/layout.css";
import { App } from "./app/App";
import { applyTheme } from "./app/theme";

const RELOADED = "scorewire.reloaded";

applyTheme();

// The page was built anew since this one was loaded, so that its other files are gone.
addEventListener("vite:preloadError", async () => {
  const last = Number(sessionStorage.getItem(RELOADED));
  if (Date.now() - last < 60_000 || !(await isServed())) return;
  sessionStorage.setItem(RELOADED, `${Date.now()}`);
  location.reload();
});

/** Whether there is a page to reload: what cannot be fetched may be so because nobody answers. */
async function isServed(): Promise<boolean> {
  try {
    return (await fetch(location.pathname, { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
