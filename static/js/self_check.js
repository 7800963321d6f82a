// "Check it yourself" on a receipt's page: has verify.js check the proof that the page brought along and shows each step
// in plain words. Needs no server, so it works on a saved page.
"use strict";

(() => {
  const section = document.querySelector("[data-self-check]");
  const embedded = document.getElementById("proof");
  // The page itself says that nothing could be started, until the end of this file.
  if (!section || !embedded || typeof PossysVerify === "undefined") return;

  const part = (name) => section.querySelector(`[data-check-${name}]`);
  const button = part("button");
  const verdict = part("verdict");
  const steps = part("steps");
  const keyField = part("key");
  const keyFault = part("key-fault");
  const isQuick = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // Long enough to see that one step follows another.
  const PAUSE_MS = 180;
  // Enough to tell one purchase from another; the whole record is in the proof's file.
  const LINES_SHOWN = 5;
  const MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
  ];

  // --- Words ---------------------------------------------------------------------------------------------------

  // Each step: what is said when it is right, and when it is wrong.
  const WORDS = {
    read: ["The proof can be read, and is written as it must be", "The proof in this page cannot be read"],
    code: ["It is the proof of this receipt", "It is the proof of another receipt"],
    place: ["The record stands at its own place in its block", "The record stands at a place that is not its own"],
    block: ["The record is in its block, unchanged", "The record is not what was sealed in the block"],
    log: ["The block is in the ledger's log, unchanged", "The block is not what stands in the ledger's log"],
    key: ["The log is signed by the ledger's key", "The log is not signed by the ledger's key"],
    witnesses: ["Witnesses outside have seen the same log", "A witness's signature is false"],
  };

  const CHANGED = "Open the receipt's own address once more, and check again. If it still fails, keep this page and show it to somebody independent: it is evidence that something was changed.";
  const OTHER_KEY = "Either the key that you gave is not this ledger's, or this page is not. Compare the key once more with where you got it.";

  const short = (hash) => `${hash.slice(0, 10)}\u2026${hash.slice(-6)}`;

  // 2026-11-23T10:00:00+01:00 as "23 November 2026, 10:00:00 (UTC+01:00)", in the offset that is written in it.
  function moment(text) {
    const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d(?::\d\d)?)[.\d]*(Z|[+-]\d\d:\d\d)$/.exec(text);
    if (!found || !MONTHS[found[2] - 1]) return text;
    const [, year, month, day, time, offset] = found;
    return `${Number(day)} ${MONTHS[month - 1]} ${year}, ${time} (UTC${/[1-9]/.test(offset) ? offset : ""})`;
  }

  const momentOf = (seconds) => moment(new Date(seconds * 1000).toISOString());

  // Minor units as an amount with its currency, without a detour through binary fractions.
  function money(minor, currency) {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    const digits = format.resolvedOptions().maximumFractionDigits;
    const figures = String(Math.abs(minor)).padStart(digits + 1, "0");
    const point = figures.length - digits;
    const sign = minor < 0 ? "-" : "";
    return format.format(`${sign}${figures.slice(0, point)}${digits ? "." : ""}${figures.slice(point)}`);
  }

  // --- Elements --------------------------------------------------------------------------------------------------

  function make(name, className = "", ...content) {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }

  function hashOf(hash) {
    const element = make("code", "hash", short(hash));
    element.title = hash;
    return element;
  }

  function facts(rows) {
    const list = make("dl", "check-facts");
    for (const [term, text] of rows) list.append(make("div", "", make("dt", "", term), make("dd", "", text)));
    return list;
  }

  // --- Steps -----------------------------------------------------------------------------------------------------

  // What stands below a step: the figures it compared, and every hash that was computed for it.
  function below(step, proof) {
    if (step.fault) return [make("p", "", step.fault.sentence)];
    const { record, header, file, log } = proof;
    switch (step.name) {
      case "code":
        return [make("p", "", "Read from the proven record: ", make("code", "hash", record.code))];
      case "place":
        return [make("p", "", `Shard ${header.shard}, block ${header.block}, position ${file.position}, number ${record.number}`)];
      case "block":
        return [climb("The record's hash", step, "the block's seal")];
      case "log":
        return [climb("The block's hash", step, `the root of the log's first ${log.note.size} entries`)];
      case "key":
        return [make("p", "", keyField.value.trim() ? "With the key that you gave." : "With the key that came with this page.")];
      case "witnesses":
        return [
          make("p", "", "With the witnesses' keys that came with this page."),
          make("ul", "", ...step.cosigned.map((one) => make("li", "", `${one.name}, ${momentOf(one.at)}`))),
        ];
      default:
        return [];
    }
  }

  function climb(name, step, end) {
    const hashes = make("ol", "hashes", make("li", "", `${name}: `, hashOf(step.start)));
    for (const { sibling, isLeft, found } of step.trail) {
      const side = isLeft ? "right" : "left";
      hashes.append(make("li", "", `with ${side} neighbour `, hashOf(sibling), " gives ", hashOf(found)));
    }
    const count = step.trail.length + 1;
    const summary = `${count} ${count === 1 ? "hash" : "hashes"} computed here: the last is ${end}, `;
    return make("details", "", make("summary", "", summary, hashOf(step.root)), hashes);
  }

  function show(step, proof) {
    const isWrong = step.fault !== null && !step.fault.isUnknown;
    const state = step.fault === null ? "right" : isWrong ? "wrong" : "unknown";
    const mark = make("span", "check-mark", { right: "\u2713", wrong: "\u2717", unknown: "?" }[state]);
    mark.setAttribute("aria-hidden", "true");
    const spoken = make("span", "visually-hidden", { right: "Right: ", wrong: "Wrong: ", unknown: "Not checked: " }[state]);
    const words = state === "unknown" ? "The signature was not checked" : WORDS[step.name][isWrong ? 1 : 0];
    const item = make("li", `check-${state}`, mark, make("div", "", spoken, make("strong", "", words), ...below(step, proof)));
    item.dataset.step = step.name;
    steps.append(item);
  }

  // Witnesses are named only when some cosigned; whether enough of them did is for stricter readers' programs.
  const isShown = (step) => step.name !== "witnesses" || step.fault !== null || step.cosigned.length > 0;

  // --- Verdict -----------------------------------------------------------------------------------------------------

  function conclude(report) {
    const { proof, fault } = report;
    if (fault === null) {
      say("ok", "It adds up: this sale is recorded, and nothing was changed", proven(proof));
    } else if (fault.isUnknown) {
      const text = "Every hash adds up. Whether the ledger's key signed them could not be checked: this browser is too old for that. Try another one, or the program below.";
      say("wait", "Nothing is wrong, but the signature was not checked", make("p", "", text), proven(proof));
    } else {
      const step = report.steps.find((one) => one.fault === fault);
      const isKey = ["origin", "key"].includes(fault.code) && keyField.value.trim();
      say("bad", "It does not add up", make("p", "", `${WORDS[step.name][1]}.`), make("p", "", isKey ? OTHER_KEY : CHANGED));
    }
  }

  function proven({ record, log }) {
    const { sale } = record;
    // Neither field is needed for the proof, so the verifier let anything stand there.
    const lines = Array.isArray(sale.lines) ? sale.lines : [];
    return make(
      "div",
      "",
      make("p", "", "This is what the proven record says. Compare it with the receipt in your hand:"),
      facts([
        ["Receipt code", record.code],
        ["Total", money(sale.total, sale.currency)],
        ["Till", String(sale.terminal)],
        ["Issued", moment(sale.issued_at)],
        ["Received", moment(record.received_at)],
        ["Log", `${log.note.origin}, ${log.note.size} entries`],
        ["Lines", String(lines.length)],
      ]),
      bought(lines, sale.currency),
    );
  }

  // The first lines with their amounts, then how many more there are.
  function bought(lines, currency) {
    const list = make("ol", "check-lines");
    for (const line of lines.slice(0, LINES_SHOWN)) {
      const amount = Number.isSafeInteger(line?.amount) ? money(line.amount, currency) : "?";
      list.append(make("li", "", make("span", "", String(line?.name)), make("span", "figure", amount)));
    }
    const more = lines.length - LINES_SHOWN;
    if (more > 0) list.append(make("li", "muted", `and ${more} more`));
    return list;
  }

  function say(tone, heading, ...content) {
    verdict.replaceChildren(make("div", `check-said state-${tone}`, make("h3", "", heading), ...content));
  }

  // --- The button --------------------------------------------------------------------------------------------------

  const pause = () => new Promise((done) => setTimeout(done, isQuick ? 0 : PAUSE_MS));

  async function keysToTrust(given) {
    const typed = keyField.value.trim();
    keyFault.hidden = true;
    keyField.removeAttribute("aria-invalid");
    if (!typed) return given;
    try {
      await PossysVerify.readKey(typed, PossysVerify.LOG_KEY);
      return [typed];
    } catch (fault) {
      if (!(fault instanceof PossysVerify.Refused)) throw fault;
      keyFault.textContent = "This is not a ledger's key, or it was not copied whole.";
      keyFault.hidden = false;
      keyField.setAttribute("aria-invalid", "true");
      keyField.closest("details").open = true;
      keyField.focus();
      return null;
    }
  }

  async function check() {
    steps.replaceChildren();
    verdict.replaceChildren();
    if (!globalThis.crypto?.subtle) {
      const text = "Browsers compute hashes only on pages that came by https or from your own disk. Save this page and open the copy, or use the program below.";
      say("wait", "It cannot be checked at this address", make("p", "", text));
      return;
    }
    let given;
    try {
      given = JSON.parse(embedded.textContent);
    } catch {
      say("bad", "It does not add up", make("p", "", "The proof in this page was changed so that it cannot be read at all."));
      return;
    }
    const keys = await keysToTrust(given.keys);
    if (keys === null) return;
    // This code stands in the page; the proof must be of the same.
    const code = section.dataset.code;
    const asked = { keys, witnesses: given.witnesses, quorum: 0, code };
    const report = await PossysVerify.verifyProof(new TextEncoder().encode(given.file), asked);
    for (const step of report.steps.filter(isShown)) {
      show(step, report.proof);
      await pause();
    }
    conclude(report);
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await check();
    } catch (fault) {
      say("wait", "It could not be checked", make("p", "", `Something in this page does not work: ${fault.message}`));
    } finally {
      button.disabled = false;
    }
  });

  // What a check left behind in a page that was saved after it is no result of this one.
  steps.replaceChildren();
  verdict.replaceChildren();
  part("stalled").hidden = true;
  for (const element of section.querySelectorAll("[data-needs-script]")) element.hidden = false;
  customElements.define("check-runs", class extends HTMLElement {});
})();
