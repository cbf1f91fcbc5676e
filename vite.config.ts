import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import vue from "@vitejs/plugin-vue";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Writes every Bootstrap icon's drawing to `icons.json`; the server puts those a page uses into its HTML. */
function icons(): Plugin {
  const folder = "node_modules/bootstrap-icons/icons";
  return {
    name: "signoff-icons",
    apply: "build",
    generateBundle() {
      const drawings: Record<string, string> = { dot: '<circle cx="8" cy="8" r="3"/>' };
      for (const file of readdirSync(folder)) {
        const drawing = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(readFileSync(join(folder, file), "utf8"));
        if (drawing?.[1]) drawings[basename(file, ".svg")] = drawing[1].replace(/\s*\n\s*/g, "");
      }
      this.emitFile({ type: "asset", fileName: "icons.json", source: JSON.stringify(drawings) });
    },
  };
}

export default defineConfig({
  base: "./", // addresses relative to the file: Signoff may be mounted below any prefix
  publicDir: false,
  plugins: [vue(), icons()],
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false, __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false },
  css: { preprocessorOptions: { scss: { quietDeps: true, silenceDeprecations: ["import", "if-function"] } } },
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 2048,
    rolldownOptions: { input: ["static/src/app/main.ts", "static/src/builder/main.ts"] },
  },
  test: { setupFiles: ["static/src/vitest.setup.ts"], testTimeout: 30_000, environment: "jsdom", include: ["static/src/**/*.test.ts"] },
});
