// Sorting within each section of a table. Without this script the page lacks nothing but the sorting.
for (const table of document.querySelectorAll("table.board")) {
  const heads = [...table.tHead.rows[0].cells];
  if (!heads.some((head) => head.dataset.sort || head.dataset.better)) continue;
  const isTitle = (row) => row.classList.contains("section");
  const original = new Map([...table.tBodies].map((body) => [body, [...body.rows].filter((row) => !isTitle(row))]));
  const status = table.closest("section").querySelector(".sort-status");

  const asText = (place) => heads[place].dataset.sort === "text";
  const value = (row, place) => {
    const text = row.cells[place].dataset.value;
    return text === undefined || text === "" ? null : asText(place) ? text : Number(text);
  };

  const sort = (place, direction) => {
    for (const [body, members] of original) {
      const sorted = direction === "none" ? members : [...members].sort((one, other) => {
        const a = value(one, place);
        const b = value(other, place);
        if (a === null || b === null) return (a === null) - (b === null);  // what has no value stays last
        const order = asText(place) ? a.localeCompare(b, "en") : a - b;
        return direction === "ascending" ? order : -order;
      });
      body.append(...sorted);  // the section's title stays first
    }
    heads.forEach((head, index) => {
      if (index === place && direction !== "none") head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    });
    const name = heads[place].querySelector(".title").textContent.trim();
    status.textContent = direction === "none" ? "Original order." : `Sorted by ${name}, ${direction}.`;
  };

  heads.forEach((head, place) => {
    if (!head.dataset.sort && !head.dataset.better) return;
    const title = head.querySelector(".title");
    const button = document.createElement("button");
    button.type = "button";
    title.before(button);
    button.append(title);
    const better = head.dataset.better === "higher" ? "descending" : "ascending";  // the best on top first
    const order = [better, better === "ascending" ? "descending" : "ascending", "none"];
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort") || "none";
      sort(place, order[(order.indexOf(now) + 1) % order.length]);
    });
  });
}
