"use strict";
// A switch between light and dark. Without it the page follows the system.
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "theme";
  const kept = () => {
    try { return localStorage.getItem("t2ibench-theme"); } catch { return null; }  // a page of a file may have no storage
  };
  const now = () => root.dataset.theme || (system.matches ? "dark" : "light");
  const name = () => { button.textContent = now() === "dark" ? "Light page" : "Dark page"; };
  if (["light", "dark"].includes(kept())) root.dataset.theme = kept();
  button.addEventListener("click", () => {
    root.dataset.theme = now() === "dark" ? "light" : "dark";
    try { localStorage.setItem("t2ibench-theme", root.dataset.theme); } catch { /* it holds for this visit */ }
    name();
  });
  system.addEventListener("change", name);
  document.querySelector("header").append(button);
  name();
}
