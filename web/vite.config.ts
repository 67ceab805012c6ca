import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const EXAMPLE = "samples/petzold-menuet.ogg";
const API = process.env.SCOREWIRE_DEV_API ?? "http://127.0.0.1:8000";

/** Serves the repository's sample beside the page, for "Try the example". */
function example(): Plugin {
  const sound = () => readFileSync(fileURLToPath(new URL(`../${EXAMPLE}`, import.meta.url)));
  return {
    name: "scorewire-example",
    configureServer(server) {
      server.middlewares.use(`/${EXAMPLE}`, (_request, response) => {
        response.setHeader("Content-Type", "audio/ogg");
        response.end(sound());
      });
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: EXAMPLE, source: sound() });
    },
  };
}

export default defineConfig({
  plugins: [react(), example()],
  resolve: {
    alias: {
      "stb-vorbis": fileURLToPath(
        new URL("src/features/score/player/noVorbis.ts", import.meta.url),
      ),
    },
  },
  build: {
    outDir: "dist",
    // The page's policy lets no data URL but pictures in, and a module is preloaded by every browser we build for.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: {
    // The API refuses other sites by their Origin; here the page and the API are one site.
    proxy: { "/api": { target: API, ws: true, changeOrigin: true, headers: { origin: API } } },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
  },
});
