// Which tables, rows and columns are shown. Without this script all of them are.
{
  const sections = [...document.querySelectorAll("section.group")];
  const rows = [...document.querySelectorAll("section.group tr[data-origin]")];
  const tools = document.createElement("form");
  tools.className = "tools";
  tools.setAttribute("aria-label", "Show a part of the results");
  const status = document.createElement("span");
  status.setAttribute("role", "status");

  const make = (name, attributes, text = "") => {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(text);
    return made;
  };

  const chosen = {};
  const choice = (field, title, values) => {
    const found = [...new Set(values.filter(Boolean))];
    if (found.length < 2) return;
    const select = make("select", { name: field });
    select.append(make("option", { value: "" }, "all"), ...found.map((value) => make("option", { value }, value)));
    const label = make("label", {}, title);
    label.append(select);
    tools.append(label);
    select.addEventListener("change", () => { chosen[field] = select.value; apply(); });
  };

  // What says nothing of a field, as a model's card of its data set, is always shown.
  const fits = (one, field) => !chosen[field] || !one.dataset[field] || one.dataset[field] === chosen[field];
  const apply = () => {
    for (const section of sections) section.hidden = !(fits(section, "dataset") && fits(section, "protocol"));
    for (const row of rows) row.hidden = !fits(row, "origin");
    for (const body of document.querySelectorAll("table.board tbody")) {
      body.hidden = ![...body.rows].some((row) => !row.classList.contains("section") && !row.hidden);
    }
    for (const section of sections) {
      const bodies = [...section.querySelectorAll("table.board tbody")];
      if (bodies.length && bodies.every((body) => body.hidden)) section.hidden = true;
      const link = document.querySelector(`nav a[href="#${section.id}"]`);
      if (link) link.parentElement.hidden = section.hidden;
    }
    const tables = sections.filter((section) => !section.hidden);
    const shown = tables.flatMap((one) => [...one.querySelectorAll("table.board tbody tr:not(.section, [hidden])")]);
    status.textContent = Object.values(chosen).some(Boolean)
      ? `${shown.length} rows in ${tables.length} tables shown.` : "";
  };

  choice("dataset", "Data set", sections.map((one) => one.dataset.dataset));
  choice("protocol", "Protocol", sections.map((one) => one.dataset.protocol));
  choice("origin", "Origin", rows.map((one) => one.dataset.origin));
  if (tools.children.length) {
    const all = make("button", { type: "button" }, "Show all");
    all.addEventListener("click", () => {
      tools.reset();
      for (const field of Object.keys(chosen)) chosen[field] = "";
      apply();
    });
    tools.append(all, status);
    document.querySelector("header").append(tools);
  }
  tools.addEventListener("submit", (event) => event.preventDefault());

  for (const table of document.querySelectorAll("table.board")) {
    const heads = [...table.tHead.rows[0].cells].slice(1);
    if (heads.length < 4) continue;  // narrow enough as it is
    const chooser = make("details", { className: "chooser" });
    const fields = document.createElement("fieldset");
    fields.append(make("legend", { className: "hidden" }, "Columns shown"));
    heads.forEach((head, index) => {
      const box = make("input", { type: "checkbox", checked: true });
      const label = document.createElement("label");
      const text = make("span", {}, ` ${head.querySelector(".subtitle")?.textContent.trim() ?? ""}`);
      label.append(box, head.querySelector(".title").firstChild.textContent.trim(), text);
      fields.append(label);
      box.addEventListener("change", () => {
        for (const row of table.rows) if (row.cells.length > 1) row.cells[index + 1].hidden = !box.checked;
      });
    });
    chooser.append(make("summary", {}, "Columns"), fields);
    table.closest(".scroll").before(chooser);
  }
}
