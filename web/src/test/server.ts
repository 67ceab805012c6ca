import { setupServer } from "msw/node";

/** Answers in place of the API; each test adds the handlers that it needs. */
export const server = setupServer();
