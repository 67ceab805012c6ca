/** The token for a server that asks for one; it is kept in this browser alone. */

const KEY = "scorewire.token";

export function readToken(): string | null {
  return localStorage.getItem(KEY);
}

export function writeToken(token: string): void {
  localStorage.setItem(KEY, token.trim());
}
