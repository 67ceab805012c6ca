import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";

/** Shows a part of the page as the whole would, at an address. */
export function renderAt(path: string, part: ReactNode) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const { hook, history } = memoryLocation({ path, record: true });
  const shown = render(
    <QueryClientProvider client={client}>
      <Router hook={hook}>{part}</Router>
    </QueryClientProvider>,
  );
  return { ...shown, history, client };
}
