import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  build: {
    lib: { entry: here("index.ts"), formats: ["es"], fileName: "index" },
    outDir: here("dist"),
    target: "es2022",
    rolldownOptions: { external: ["react"] },
  },
});
