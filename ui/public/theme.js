// Runs before anything is drawn, so that no wrong theme flashes up. A file of its own, since the policy of the page
// allows no script inside it. src/lib/theme.ts writes the same key.
(function () {
  var wanted = null;
  try {
    wanted = localStorage.getItem("weir.theme");
  } catch (_) {
    // Storage may be forbidden; the system's theme will do.
  }
  var dark = wanted === "dark" || (wanted !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
