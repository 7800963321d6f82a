// Helps to type a receipt code: groups it, corrects what looks alike, and names a typing error before anything is sent.
// The page works without it; the server says the same.
"use strict";

const receiptCode = (() => {
  // Crockford's base 32, as in possys/codes.py: no I, L, O and U.
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const LOOK_ALIKES = { O: "0", I: "1", L: "1" };
  const GROUP = 4;
  const LENGTH = 16;
  // A link's ending: the code, and four symbols that only the QR code holds.
  const LINKED_LENGTH = 20;
  const BETWEEN = /[\s\u002d\u2010-\u2014\u2212]/g;
  const LINK = /^https?:\/\/[^/?#\s]+\/(?:[^?#\s]*\/)?([^/?#\s]+)\/?$/i;
  // A receipt that was printed offline, signed or not (receipts/offline_address.py).
  const OFFLINE = /^\d{1,9}\.\d{1,9}\.\d{10}\.-?\d{1,16}(\.\d{1,5}\.[A-Z2-7]{103})?$/i;

  const symbolsOf = (text) => text.replace(BETWEEN, "").toUpperCase().replace(/[OIL]/g, (typed) => LOOK_ALIKES[typed]);

  const grouped = (symbols) => symbols.replace(new RegExp(`(.{${GROUP}})(?=.)`, "g"), "$1-");

  // Doubling in GF(32) with the modulus x^5 + x^2 + 1.
  const doubled = (value) => ((value << 1) ^ (value & 16 ? 0b100101 : 0)) & 31;

  // The sum of symbol i times 2^i is zero in a right code (possys/codes.py has 2^(i-15): the same but for a factor).
  const checks = (symbols) => {
    let sum = 0;
    for (let at = LENGTH - 1; at >= 0; at--) sum = doubled(sum) ^ ALPHABET.indexOf(symbols[at]);
    return sum === 0;
  };

  // The first character that no code contains, as { symbol, group }; undefined when there is none.
  const stranger = (symbols) => {
    const at = [...symbols].findIndex((symbol) => !ALPHABET.includes(symbol));
    return at < 0 ? undefined : { symbol: [...symbols][at], group: Math.floor(at / GROUP) + 1 };
  };

  const isCode = (symbols) => symbols.length === LENGTH && !stranger(symbols) && checks(symbols);

  // Where a scanned or pasted text leads on this site: a link's ending (whatever its host says), an offline receipt's
  // `path`, or a code. Null for anything else.
  const placeOf = (text) => {
    const trimmed = text.trim();
    const end = LINK.exec(trimmed)?.[1] ?? trimmed;
    if (OFFLINE.test(end)) return { path: `/O/${end.toUpperCase()}` };
    const bare = end.replace(BETWEEN, "").toUpperCase();
    const symbols = symbolsOf(bare.slice(0, LENGTH));
    if (!isCode(symbols)) return null;
    if (bare.length === LENGTH) return { code: grouped(symbols) };
    const key = bare.slice(LENGTH);
    if (bare.length !== LINKED_LENGTH || stranger(key)) return null;
    return { ending: symbols + key, path: `/${symbols}${key}` };
  };

  return { LENGTH, LINKED_LENGTH, GROUP, symbolsOf, grouped, isCode, stranger, placeOf };
})();

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

class CodeField {
  constructor(field) {
    this.field = field;
    this.form = field.form;
    this.said = this.form.querySelector("[data-code-said]");
    this.before = this.symbols;
    // In a form that asks for more than a code, it is grouped only: the server judges, and sending stays sending.
    const isAlone = this.said !== null;
    field.addEventListener("input", (event) => {
      // An input method is still composing: its text must not be touched.
      if (event.isComposing) return;
      this.regroup(event.inputType);
      if (isAlone) this.judge(false);
    });
    field.addEventListener("compositionend", () => {
      this.regroup("");
      if (isAlone) this.judge(false);
    });
    if (isAlone) this.form.addEventListener("submit", (event) => this.leave(event));
  }

  get symbols() {
    return receiptCode.symbolsOf(this.field.value);
  }

  regroup(inputType) {
    const place = /\//.test(this.field.value) ? receiptCode.placeOf(this.field.value) : null;
    if (place && (place.code || place.ending)) {
      this.field.value = place.code ?? receiptCode.grouped(place.ending);
      this.before = this.symbols;
      return;
    }
    let symbols = this.symbols;
    // Anything longer is no code: the server says so.
    if (symbols.length > receiptCode.LINKED_LENGTH) return;
    let caret = receiptCode.symbolsOf(this.field.value.slice(0, this.field.selectionStart)).length;
    if (symbols === this.before && inputType === "deleteContentBackward") {
      // Only a hyphen was deleted, which would come back at once: the symbol before it was meant.
      symbols = symbols.slice(0, caret - 1) + symbols.slice(caret);
      caret -= 1;
    } else if (symbols === this.before && inputType === "deleteContentForward") {
      symbols = symbols.slice(0, caret) + symbols.slice(caret + 1);
    }
    this.field.value = receiptCode.grouped(symbols);
    this.before = symbols;
    // The caret stays behind the same symbol; at the end of a group behind the hyphen, or before it when deleting.
    const hyphens = Math.floor((inputType.startsWith("delete") ? Math.max(0, caret - 1) : caret) / receiptCode.GROUP);
    const target = caret === symbols.length ? this.field.value.length : caret + hyphens;
    this.field.setSelectionRange(target, target);
  }

  // The fault in what was typed; while typing, only what cannot become right any more.
  fault(isDone) {
    const texts = this.said.dataset;
    const symbols = this.symbols;
    const strange = receiptCode.stranger(symbols);
    // A link of another kind, or one that is not typed to its end: the server reads that.
    if (/^\s*https?:|\//i.test(this.field.value)) return "";
    if (strange) return filled(texts.stranger, strange);
    const isLinked = symbols.length === receiptCode.LINKED_LENGTH;
    if (symbols.length !== receiptCode.LENGTH && !isLinked) {
      return isDone ? filled(texts.length, { length: symbols.length }) : "";
    }
    return receiptCode.isCode(symbols.slice(0, receiptCode.LENGTH)) ? "" : texts.typo;
  }

  judge(isDone) {
    const fault = this.fault(isDone);
    // What the server said was of another text.
    this.form.querySelector("#code-fault")?.remove();
    if (this.said.textContent !== fault) this.said.textContent = fault;
    this.said.hidden = !fault;
    if (fault) this.field.setAttribute("aria-invalid", "true");
    else this.field.removeAttribute("aria-invalid");
    return !fault;
  }

  leave(event) {
    const place = receiptCode.placeOf(this.field.value);
    if (place?.path) {
      event.preventDefault();
      location.assign(place.path);
    } else if (!this.judge(true)) {
      event.preventDefault();
      this.field.focus();
    }
  }
}

for (const field of document.querySelectorAll("[data-code-field]")) new CodeField(field);
