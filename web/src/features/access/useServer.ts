import { useQuery } from "@tanstack/react-query";
import { readServer, type ServerInfo } from "../../lib/api";

/** What the server takes and asks for; undefined until known. */
export function useServer(): ServerInfo | undefined {
  return useQuery({
    queryKey: ["server"],
    queryFn: ({ signal }) => readServer(signal),
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
}
