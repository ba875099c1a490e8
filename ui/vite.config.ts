import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compress } from "./scripts/compress.mjs";
import { routing } from "./scripts/routing.mjs";

// Where `npm run dev` finds the server that it shows.
const server = process.env.WEIR_SERVER ?? "http://127.0.0.1:7878";
const passed = { target: server, changeOrigin: false };

export default defineConfig({
  plugins: [tanstackRouter(routing), react(), tailwindcss(), compress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The program holds one compressed form of each file; see scripts/compress.mjs.
    outDir: "dist",
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4096,
    // Icons and small parts that many pages share come as one file each, not as fifty that compress badly.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "icons", test: /lucide-react/, minShareCount: 3 },
            { name: "parts", test: /src\/(components\/ui|lib)\//, minShareCount: 4 },
          ],
        },
      },
    },
  },
  server: { host: "127.0.0.1", proxy: { "/api": passed, "/docs/errors": passed, "/ready": passed, "^/sign-in/.+": passed } },
});
