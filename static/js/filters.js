// Makes the boxes of filters and definitions behave as menus: Escape and a click elsewhere close them, and a long list of
// stores can be searched. Without this script each has its own button, and the forms are sent as they are.
"use strict";

// A list that is longer than this is not looked through by eye.
const SEARCH_FROM = 9;

const openBoxes = () => document.querySelectorAll("details[data-popup][open]");

document.addEventListener("click", (event) => {
  for (const box of openBoxes()) if (!box.contains(event.target)) box.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const box of openBoxes()) {
    const hadFocus = box.contains(document.activeElement);
    box.open = false;
    if (hadFocus) box.querySelector("summary").focus();
  }
});

for (const list of document.querySelectorAll("[data-ticks]")) {
  if (list.children.length < SEARCH_FROM) continue;
  const field = document.createElement("input");
  field.type = "search";
  field.className = "ticks-search";
  field.placeholder = "Find a store";
  field.setAttribute("aria-label", "Find a store");
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const tick of list.children) tick.hidden = !tick.textContent.toLowerCase().includes(wanted);
  });
  // What is typed here only narrows the list down.
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  list.before(field);
}

const printButton = document.querySelector("[data-print]");
if (printButton) {
  printButton.hidden = false;
  printButton.addEventListener("click", () => window.print());
}

// On a narrow screen the tab of this page may lie beyond the edge.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
