"use strict";
const frame = document.querySelector("iframe");
const status = document.querySelector("[role=status]");
let known = JSON.parse(document.body.dataset.state);
let shown = "";
const show = (path) => {
  shown = path;
  frame.src = `/${path.split("/").map(encodeURIComponent).join("/")}`;
  for (const link of document.querySelectorAll("li > a")) {
    if (link.dataset.path === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};
const again = () => {
  const top = frame.contentWindow.scrollY;
  frame.addEventListener("load", () => frame.contentWindow.scrollTo(0, top), { once: true });
  frame.contentWindow.location.reload();
};
document.addEventListener("click", (event) => {
  const link = event.target.closest("li > a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.replaceState(null, "", `#${encodeURIComponent(link.dataset.path)}`);
  show(link.dataset.path);
});
const ask = async () => {
  try {
    const state = await (await fetch("/state")).json();
    status.textContent = "";
    if (Object.keys(state).join() !== Object.keys(known).join()) return location.reload();
    const stale = state[shown] !== known[shown];
    known = state;
    if (stale) again();
  } catch { status.textContent = "The server has stopped; what is shown stays."; }
  setTimeout(ask, 2000);
};
if (frame) {
  const wanted = decodeURIComponent(location.hash.slice(1));
  show(wanted in known ? wanted : Object.keys(known)[0]);
}
setTimeout(ask, 2000);
