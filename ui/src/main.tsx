import "./styles/app.css";
import { createRoot } from "react-dom/client";
import { followTheme } from "@/lib/theme";
import { App } from "./app";

const root = document.getElementById("root");
followTheme();
if (root) createRoot(root).render(<App />);
