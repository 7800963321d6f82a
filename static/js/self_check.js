// "Check it yourself" on a receipt's page: fetches the receipt's proof, has verify.js check it and shows each step in
// plain words. What was fetched is put into the page, so a copy that is saved afterwards needs no server.
"use strict";

(() => {
  const section = document.querySelector("[data-self-check]");
  const handed = document.getElementById("check-texts");
  // The page itself says that nothing could be started, until the end of this file.
  if (!section || !handed || typeof PossysVerify === "undefined") return;

  // Everything that is said to people, in the page's language: receipts/check_texts.py.
  const TEXTS = JSON.parse(handed.textContent);
  const part = (name) => section.querySelector(`[data-check-${name}]`);
  const button = part("button");
  const verdict = part("verdict");
  const steps = part("steps");
  const keyField = part("key");
  const keyFault = part("key-fault");
  const progress = part("progress");
  const isQuick = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // Long enough to see that one step follows another.
  const PAUSE_MS = 180;
  // Enough to tell one purchase from another; the whole record is in the proof's file.
  const LINES_SHOWN = 5;
  // A proof is made within about two seconds; after half a minute something is the matter that asking does not mend.
  const [ASKED_MAX, ASK_AGAIN_MS] = [15, 2000];
  // Longer than a slow phone network takes for some kilobytes.
  const FETCH_LIMIT_MS = 20000;
  // Amounts and dates are written as in the page, whose English dates have the day first.
  const LANGUAGE = document.documentElement.lang || "en";
  const DATES = new Intl.DateTimeFormat(LANGUAGE === "en" ? "en-GB" : LANGUAGE, {
    day: "numeric", month: "long", year: "numeric", timeZone: "UTC", calendar: "gregory", numberingSystem: "latn",
  });

  // --- Words ---------------------------------------------------------------------------------------------------

  // A text with what stands for each {word} put in, as a list of strings and elements.
  function filled(text, values) {
    return text.split(/\{(\w+)\}/).map((piece, place) => (place % 2 ? values[piece] ?? `{${piece}}` : piece));
  }

  const inWords = (text, values) => filled(text, values).join("");

  const short = (hash) => `${hash.slice(0, 10)}\u2026${hash.slice(-6)}`;

  // 2026-11-23T10:00:00+01:00 as "23 November 2026, 10:00:00 (UTC+01:00)", in the offset that is written in it.
  function moment(text) {
    const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d(?::\d\d)?)[.\d]*(Z|[+-]\d\d:\d\d)$/.exec(text);
    if (!found || found[2] < 1 || found[2] > 12) return text;
    const [, year, month, day, time, offset] = found;
    const date = DATES.format(Date.UTC(year, month - 1, day));
    return `${date}, ${time} (UTC${/[1-9]/.test(offset) ? offset : ""})`;
  }

  const momentOf = (seconds) => moment(new Date(seconds * 1000).toISOString());

  // Minor units as an amount with its currency, without a detour through binary fractions.
  function money(minor, currency) {
    const format = new Intl.NumberFormat(LANGUAGE, { style: "currency", currency });
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
    if (step.fault) return [make("p", "", wrongInWords(step.fault, proof))];
    const { record, header, file, log } = proof;
    switch (step.name) {
      case "code":
        return [make("p", "", ...filled(TEXTS.codeRead, { code: make("code", "hash", record.code) }))];
      case "place": {
        const { shard, block } = header;
        return [make("p", "", inWords(TEXTS.place, { shard, block, position: file.position, number: record.number }))];
      }
      case "block":
        return [climb(step, TEXTS.recordHash, TEXTS.recordClimb, {})];
      case "log":
        return [climb(step, TEXTS.blockHash, TEXTS.blockClimb, { size: log.note.size })];
      case "till":
        return [make("p", "", ...filled(TEXTS.tillSigned, { key: make("code", "hash", step.mark) }))];
      case "key":
        return [make("p", "", keyField.value.trim() ? TEXTS.givenKey : TEXTS.fetchedKey)];
      case "witnesses":
        return [make("p", "", TEXTS.witnessKeys), make("ul", "", ...step.cosigned.map(cosigned))];
      default:
        return [];
    }
  }

  const cosigned = ({ name, at }) => make("li", "", inWords(TEXTS.witness, { name, moment: momentOf(at) }));

  // A fault in the page's language; the verifier's own sentence where there is none.
  function wrongInWords(fault, proof) {
    const text = TEXTS.faults[fault.code];
    if (!text) return fault.sentence;
    const origin = proof?.log.note.origin;
    const values = { code: section.dataset.code, found: proof?.record.code, position: proof?.file.position, origin };
    return inWords(text, values);
  }

  function climb(step, first, summary, values) {
    const hashes = make("ol", "hashes", make("li", "", ...filled(first, { hash: hashOf(step.start) })));
    for (const { sibling, isLeft, found } of step.trail) {
      const text = isLeft ? TEXTS.rightNeighbour : TEXTS.leftNeighbour;
      hashes.append(make("li", "", ...filled(text, { sibling: hashOf(sibling), found: hashOf(found) })));
    }
    const said = filled(summary, { ...values, count: step.trail.length + 1, hash: hashOf(step.root) });
    return make("details", "", make("summary", "", ...said), hashes);
  }

  function show(step, proof) {
    const isWrong = step.fault !== null && !step.fault.isUnknown;
    const state = step.fault === null ? "right" : isWrong ? "wrong" : "unknown";
    const mark = make("span", "check-mark", { right: "\u2713", wrong: "\u2717", unknown: "?" }[state]);
    mark.setAttribute("aria-hidden", "true");
    const spoken = make("span", "visually-hidden", `${TEXTS[state]} `);
    const words = state === "unknown" ? TEXTS.notChecked : TEXTS.steps[step.name][isWrong ? 1 : 0];
    const item = make("li", `check-${state}`, mark, make("div", "", spoken, make("strong", "", words), ...below(step, proof)));
    item.dataset.step = step.name;
    steps.append(item);
  }

  // Witnesses are named only when some cosigned; whether enough of them did is for stricter readers' programs. Of a
  // till that signs nothing there is nothing to check.
  function isShown(step) {
    if (step.fault !== null) return true;
    if (step.name === "till") return step.mark !== null;
    return step.name !== "witnesses" || step.cosigned.length > 0;
  }

  // --- Verdict -----------------------------------------------------------------------------------------------------

  function conclude(report) {
    const { proof, fault } = report;
    if (fault === null) {
      say("ok", TEXTS.fits, proven(report), ...toKeep());
    } else if (fault.isUnknown) {
      say("wait", TEXTS.unsigned, make("p", "", TEXTS.unsignedWhy), proven(report), ...toKeep());
    } else {
      const step = report.steps.find((one) => one.fault === fault);
      const isKey = ["origin", "key"].includes(fault.code) && keyField.value.trim();
      const why = isKey ? TEXTS.otherKey : TEXTS.changed;
      say("bad", TEXTS.fitsNot, make("p", "", TEXTS.steps[step.name][1]), make("p", "", why));
    }
  }

  // A copy need not be saved again.
  const toKeep = () => (isCopy ? [] : [make("p", "", TEXTS.saved)]);

  function proven({ proof: { record, log }, steps: checked }) {
    const { sale } = record;
    const { mark } = checked.find((step) => step.name === "till");
    const { origin, size } = log.note;
    // Neither field is needed for the proof, so the verifier let anything stand there.
    const lines = Array.isArray(sale.lines) ? sale.lines : [];
    return make(
      "div",
      "",
      make("p", "", TEXTS.compare),
      facts([
        [TEXTS.code, record.code],
        [TEXTS.total, money(sale.total, sale.currency)],
        [TEXTS.till, String(sale.terminal)],
        ...(mark ? [[TEXTS.tillKey, mark]] : []),
        [TEXTS.issued, moment(sale.issued_at)],
        [TEXTS.received, moment(record.received_at)],
        [TEXTS.logTerm, inWords(TEXTS.logFact, { origin, size })],
        [TEXTS.lines, String(lines.length)],
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
    if (more > 0) list.append(make("li", "muted", inWords(TEXTS.moreLines, { count: more })));
    return list;
  }

  function say(tone, heading, ...content) {
    verdict.replaceChildren(make("div", `check-said state-${tone}`, make("h3", "", heading), ...content));
  }

  // --- The proof -------------------------------------------------------------------------------------------------

  const embedded = () => document.getElementById("proof");
  // A saved copy asks nobody for anything: it has its proof in it, or none.
  const isCopy = !/^https?:$/.test(location.protocol);

  const after = (ms) => new Promise((done) => setTimeout(done, ms));

  // One try: { evidence } or { state }, the word why there is none.
  async function ask() {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), FETCH_LIMIT_MS);
    try {
      const asked = { cache: "no-store", credentials: "omit", signal: limit.signal };
      const answer = await fetch(section.dataset.proofAddress, asked);
      const content = await answer.json();
      if (answer.status === 200) return { evidence: content };
      return { state: TEXTS.refusals[content.state] ? content.state : "away" };
    } catch (fault) {
      // No network gives no answer; a server that is being started again, or a proxy, gives something that is no JSON.
      return { state: fault instanceof SyntaxError ? "away" : "offline" };
    } finally {
      clearTimeout(timer);
    }
  }

  // Whether the proof is in the page now; else it is said why not.
  async function fetchProof() {
    if (embedded()) return true;
    progress.textContent = TEXTS.fetching;
    let answer = await ask();
    for (let asked = 1; answer.state === "soon" && asked < ASKED_MAX; asked += 1) {
      progress.textContent = TEXTS.waiting;
      await after(ASK_AGAIN_MS);
      answer = await ask();
    }
    progress.textContent = "";
    if (!answer.evidence) {
      const [heading, text] = TEXTS.refusals[answer.state];
      say("wait", heading, make("p", "", text));
      return false;
    }
    embed(answer.evidence);
    return true;
  }

  // As Django's json_script writes it, so that nothing in it ends the element when the page is saved.
  function embed({ file, keys, witnesses }) {
    const script = make("script");
    script.id = "proof";
    script.type = "application/json";
    const escaped = (sign) => `\\u00${sign.charCodeAt(0).toString(16).toUpperCase()}`;
    script.textContent = JSON.stringify({ file, keys, witnesses }).replace(/[<>&]/g, escaped);
    section.append(script);
  }

  // The ledger's keys in the list and in the program's command line, also for whom a saved copy runs no script.
  function nameKeys(keys) {
    part("keys").replaceChildren(...keys.map((key) => make("li", "", make("code", "", key))));
    part("key-options").textContent = keys.map((key) => `--key ${key}`).join(" ");
    part("key-hint").hidden = true;
  }

  // --- The button --------------------------------------------------------------------------------------------------

  const pause = () => after(isQuick ? 0 : PAUSE_MS);

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
      keyFault.textContent = TEXTS.noKey;
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
    if (!(await fetchProof())) return;
    let given;
    try {
      given = JSON.parse(embedded().textContent);
      nameKeys(given.keys);
    } catch {
      say("bad", TEXTS.fitsNot, make("p", "", TEXTS.unreadable));
      return;
    }
    if (!globalThis.crypto?.subtle) {
      say("wait", TEXTS.noHashes, make("p", "", TEXTS.noHashesWhy));
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
      say("wait", TEXTS.broken, make("p", "", inWords(TEXTS.brokenWhy, { fault: fault.message })));
    } finally {
      button.disabled = false;
    }
  });

  // What a check left behind in a page that was saved after it is no result of this one.
  steps.replaceChildren();
  verdict.replaceChildren();
  progress.textContent = "";
  button.disabled = false;
  part("start").hidden = isCopy && !embedded();
  part("unfetched").hidden = !part("start").hidden;
  // From here on css/site.css shows what needs a script.
  customElements.define("check-runs", class extends HTMLElement {});
})();
