import { useState } from "react";

export type Theme = "light" | "dark";

const KEY = "scorewire.theme";

/** What the person chose, or else what their system prefers. */
export function currentTheme(): Theme {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Shows a choice that was made before; without one the style sheet follows the system. */
export function applyTheme(): void {
  const chosen = localStorage.getItem(KEY);
  if (chosen) document.documentElement.dataset.theme = chosen;
}

/** The theme on show, and a way to change it. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(currentTheme);
  const toggle = () => {
    const next = theme === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, next);
    applyTheme();
    setTheme(next);
  };
  return [theme, toggle];
}
