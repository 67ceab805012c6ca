import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { Route, Switch } from "wouter";
import { isFinal } from "../lib/http";
import { Header } from "./Header";
import { HomePage } from "./HomePage";
import { JobPage } from "./JobPage";
import { NotFound } from "./NotFound";

const Library = lazy(() => import("../features/library/Library"));

/** Tries a request again only where that may help. */
function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: (failures, error) => failures < 2 && !isFinal(error), staleTime: 10_000 },
    },
  });
}

export function App() {
  const [client] = useState(makeQueryClient);
  return (
    <QueryClientProvider client={client}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" className="page" tabIndex={-1}>
        <Switch>
          <Route path="/">
            <HomePage />
          </Route>
          <Route path="/library">
            <Suspense fallback={<p aria-busy="true">Opening the library …</p>}>
              <Library />
            </Suspense>
          </Route>
          <Route path="/jobs/:id">{({ id }) => <JobPage key={id} jobId={id} />}</Route>
          <Route>
            <NotFound />
          </Route>
        </Switch>
      </main>
    </QueryClientProvider>
  );
}
