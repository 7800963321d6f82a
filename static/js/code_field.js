// Groups a receipt code by four while it is typed. The page works without it.
"use strict";

const GROUP = 4;
const LENGTH = 16;
const BETWEEN = /[\s\u002d\u2010-\u2014\u2212]/g;

const symbolsOf = (text) => text.replace(BETWEEN, "").toUpperCase();

const grouped = (symbols) => symbols.replace(new RegExp(`(.{${GROUP}})(?=.)`, "g"), "$1-");

function regroup(field) {
  const symbols = symbolsOf(field.value);
  // Anything longer is no code yet, perhaps a pasted link: the server reads that.
  if (symbols.length > LENGTH) return;
  const before = symbolsOf(field.value.slice(0, field.selectionStart)).length;
  field.value = grouped(symbols);
  // The caret stays behind the same symbol; at the end of a group, behind the hyphen that follows it.
  const caret = before === symbols.length ? field.value.length : before + Math.floor(before / GROUP);
  field.setSelectionRange(caret, caret);
}

for (const field of document.querySelectorAll("[data-code-field]")) {
  field.addEventListener("input", (event) => {
    // An input method is still composing: its text must not be touched.
    if (!event.isComposing) regroup(field);
  });
}
