// Adds rows to a form that repeats; without this script there are as many as the page came with.
"use strict";

for (const form of document.querySelectorAll("form")) {
  const rows = form.querySelector("[data-rows]");
  const made = form.querySelector("template[data-row]");
  const button = form.querySelector("[data-add-row]");
  if (!rows || !made || !button) continue;
  let number = rows.children.length;
  button.hidden = false;
  button.addEventListener("click", () => {
    const row = made.content.cloneNode(true);
    for (const part of row.querySelectorAll("[id], [name], [for]")) {
      for (const name of ["id", "name", "for"]) {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replace("__row__", String(number)));
      }
    }
    number += 1;
    const field = row.querySelector("input, select");
    rows.append(row);
    field?.focus();
  });
}
