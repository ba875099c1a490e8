// Writes src/routes.gen.ts, which the type checker needs; the build writes it by itself.
import { fileURLToPath } from "node:url";
import { Generator, getConfig } from "@tanstack/router-generator";
import { routing } from "./routing.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const config = getConfig(routing, root);
await new Generator({ config, root }).run();
