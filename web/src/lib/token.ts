/** The token for a server that asks for one; it is kept in this browser alone. */

import { useSyncExternalStore } from "react";

const KEY = "scorewire.token";
const listeners = new Set<() => void>();

export function readToken(): string | null {
  return localStorage.getItem(KEY);
}

export function writeToken(token: string): void {
  localStorage.setItem(KEY, token.trim());
  for (const listener of listeners) listener();
}

/** The token, also once it has changed. */
export function useToken(): string | null {
  return useSyncExternalStore(subscribe, readToken);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
