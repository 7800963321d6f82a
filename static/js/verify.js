// Checks a proof file (docs/proof-format.md) with what every browser has: no server, no library, no page.
// Twin of static/verify/possys_verify.py: the same checks, under the same short names, in the same order.
"use strict";

const PossysVerify = (() => {
  const [FILE_BYTES_MAX, HASHES_MAX, SIGNATURES_MAX] = [512 * 1024, 64, 64];
  const [LOG_KEY, WITNESS_KEY] = [1, 4];
  const FILE_KEYS = ["format", "record", "position", "path", "header", "log"];
  const RECORD_KEYS = ["v", "shard", "epoch", "number", "received_at", "code", "retailer", "store", "signature", "sale"];
  const HEADER_KEYS = ["v", "shard", "block", "epoch", "first_number", "count", "root", "marks", "previous", "sealed_at"];
  const SIGNATURE_KEYS = ["key", "public_key", "value"];
  // The sale stands last in its record, behind this.
  const SALE_KEY = ',"sale":';
  const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const CODE = /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/;
  const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,18}(Z|[+-][0-9]{2}:[0-9]{2})$/;
  const HEX = /^[0-9a-f]{64}$/;
  const NAME = /^[^\s+]+$/;
  const KEY = /^[^\s+]+\+\w{8}\+\S+$/;
  const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f]/;
  const HALVES = /[\ud800-\udfff]/u;
  const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(=|[A-Za-z0-9+/])=)?$/;
  const encoder = new TextEncoder();

  // What is wrong: a check's short name and a sentence. `isUnknown`: it cannot be said in this browser.
  class Refused extends Error {
    constructor(code, sentence, isUnknown = false) {
      super(sentence);
      this.code = code;
      this.isUnknown = isUnknown;
    }
  }

  function need(right, code, sentence) {
    if (!right) throw new Refused(code, sentence);
  }

  // --- Bytes and text ------------------------------------------------------------------------------------------

  const bytesOf = (text) => encoder.encode(text);

  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  function joined(...parts) {
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  // A number that JavaScript keeps exactly, from 0.
  const isWhole = (number) => Number.isSafeInteger(number) && number >= 0;
  const fits = (text, pattern) => typeof text === "string" && pattern.test(text);

  // --- Reading: everything may be written in one way only, so that no bit of a file is without meaning ----------

  // Whether a key stands twice in one object of a text that is proper JSON; JSON.parse would keep the last.
  function hasDoubleKey(text) {
    const open = [];
    let string = null;
    for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) {
      if (token[0] === '"') string = token;
      else if (token === "{") open.push(new Set());
      else if (token === "[") open.push(null);
      else if (token === "}" || token === "]") open.pop();
      else if (token === ":") {
        const key = JSON.parse(string);
        const keys = open[open.length - 1];
        if (keys.has(key)) return true;
        keys.add(key);
      }
    }
    return false;
  }

  // A JSON object with just these keys in this order; `canonical`: without blanks, escapes only where needed.
  function readObject(text, code, keys, canonical) {
    let found;
    try {
      found = JSON.parse(text);
    } catch (fault) {
      throw new Refused(code, `The ${code} is not proper JSON: ${fault.message}.`);
    }
    need(!hasDoubleKey(text), code, `The ${code} is not proper JSON: a key stands twice in one object.`);
    const isObject = typeof found === "object" && found !== null && !Array.isArray(found);
    need(isObject && Object.keys(found).join() === keys.join(), code, `The ${code} must have the keys ${keys.join(", ")}.`);
    // JSON.stringify would pass half a character on, which has no bytes.
    const isWritten = () => JSON.stringify(found) === text && !Object.values(found).some((one) => HALVES.test(one));
    need(!canonical || isWritten(), code, `The ${code} is not written in the one form that is allowed.`);
    return found;
  }

  // The bytes of base64 in its one proper form; `size`: how many they must be.
  function unbase64(text, code, size = null) {
    const raw = fits(text, BASE64) ? atob(text) : "";
    const right = raw !== "" && btoa(raw) === text && (size === null || raw.length === size);
    need(right, code, `"${String(text).slice(0, 60)}" is not ${size ?? "some"} bytes in base64.`);
    return Uint8Array.from(raw, (character) => character.charCodeAt(0));
  }

  function readHashes(texts, code) {
    need(Array.isArray(texts) && texts.length <= HASHES_MAX, code, `A path must be at most ${HASHES_MAX} hashes.`);
    return texts.map((text) => unbase64(text, code, 32));
  }

  function readDecimal(text, code) {
    const right = /^(0|[1-9][0-9]{0,15})$/.test(text) && isWhole(Number(text));
    need(right, code, `"${text.slice(0, 30)}" is no number of leaves.`);
    return Number(text);
  }

  // A public key from its text, `name+id+base64`. Throws Refused.
  async function readKey(text, kind) {
    const shown = `"${text.trim().slice(0, 60)}"`;
    need(KEY.test(text.trim()), "key", `${shown} is no key: name+id+base64 is expected.`);
    const [name, id, ...rest] = text.trim().split("+");
    const raw = unbase64(rest.join("+"), "key", 33);
    const digest = hex(await sha256(joined(bytesOf(`${name}\n`), raw)));
    const right = digest.slice(0, 8) === id && raw[0] === kind;
    need(right, "key", `${shown} is no key of kind ${kind}, or it was copied wrongly.`);
    return { name, id, kind, public: raw.slice(1) };
  }

  // A checkpoint (c2sp.org/tlog-checkpoint), a signed note; no signature is checked here.
  function readNote(text) {
    const end = text.lastIndexOf("\n\n");
    const lines = text.slice(0, Math.max(end, 0)).split("\n");
    const right = lines.length >= 3 && !lines.includes("") && text.endsWith("\n") && end + 2 < text.length;
    const wrong = "The checkpoint must be origin, size and root, an empty line and signatures.";
    need(right && !CONTROLS.test(text), "checkpoint", wrong);
    const signatures = text.slice(end + 2, -1).split("\n").map(readSignature);
    need(signatures.length <= SIGNATURES_MAX, "checkpoint", "The checkpoint has too many signatures.");
    const size = readDecimal(lines[1], "checkpoint");
    const root = unbase64(lines[2], "checkpoint", 32);
    return { text: text.slice(0, end + 1), origin: lines[0], size, root, signatures };
  }

  function readSignature(line) {
    const blank = line.indexOf(" ", 2);
    const raw = unbase64(blank < 0 ? "" : line.slice(blank + 1), "checkpoint");
    const name = line.slice(2, blank);
    const right = line.startsWith("\u2014 ") && NAME.test(name) && raw.length > 4;
    need(right, "checkpoint", `"${line.slice(0, 60)}" is no signature line.`);
    return { name, id: hex(raw.slice(0, 4)), raw: raw.slice(4) };
  }

  function readRecord(text) {
    const record = readObject(text, "record", RECORD_KEYS, false);
    const sale = record.sale ?? {};
    const own = record.signature;
    const isPlain = typeof own === "object" && !Array.isArray(own);
    const right =
      (own === null || (isPlain && Object.keys(own).join() === SIGNATURE_KEYS.join())) &&
      RECORD_KEYS.slice(0, 4).every((name) => isWhole(record[name])) &&
      record.v === 1 &&
      !Array.isArray(sale) &&
      Number.isSafeInteger(sale.total) &&
      fits(record.code, CODE) &&
      fits(record.received_at, TIME) &&
      fits(sale.currency, /^[A-Z]{3}$/) &&
      fits(sale.issued_at, /^[!-~]{1,40}$/);
    need(right, "record", "A field of the record is not what its format says.");
    return record;
  }

  function readHeader(text) {
    const header = readObject(text, "header", HEADER_KEYS, true);
    const right =
      HEADER_KEYS.slice(0, 6).every((name) => isWhole(header[name])) &&
      header.v === 1 &&
      HEADER_KEYS.slice(6, 9).every((name) => fits(header[name], HEX)) &&
      fits(header.sealed_at, TIME);
    need(right, "header", "A field of the block's header is not what its format says.");
    return header;
  }

  // Index, path and checkpoint of a c2sp.org/tlog-proof@v1, without its `extra` line, which nothing signs.
  function readLog(text) {
    const end = text.indexOf("\n\n");
    const lines = (end < 0 ? text : text.slice(0, end)).split("\n");
    const right = lines[0] === "c2sp.org/tlog-proof@v1" && (lines[1] ?? "").startsWith("index ");
    need(right, "log", "The log proof must begin with c2sp.org/tlog-proof@v1 and the index.");
    const index = readDecimal(lines[1].slice(6), "log");
    return { index, path: readHashes(lines.slice(2), "log"), note: readNote(end < 0 ? "" : text.slice(end + 2)) };
  }

  // Everything that the file's bytes say; proves nothing. Throws Refused.
  function readProof(bytes) {
    let text;
    try {
      need(bytes.length <= FILE_BYTES_MAX, "file", "The file is too large.");
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (fault) {
      throw new Refused("file", "The file is too large, or not UTF-8.");
    }
    const file = readObject(text, "file", FILE_KEYS, true);
    const texts = [file.record, file.header, file.log];
    const right =
      file.format === "possys-proof-v1" && isWhole(file.position) && texts.every((one) => typeof one === "string");
    need(right, "file", "A field of the file is not what possys-proof-v1 says.");
    const record = readRecord(file.record);
    const header = readHeader(file.header);
    const path = readHashes(file.path, "file");
    return { file, record, header, path, log: readLog(file.log) };
  }

  // --- Merkle trees (RFC 6962): a leaf is SHA-256(0x00 | bytes), a node SHA-256(0x01 | left | right) -------------

  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

  const leaf = (text) => sha256(joined([0], bytesOf(text)));
  const node = (left, right) => sha256(joined([1], left, right));
  const same = (one, other) => hex(one) === hex(other);

  // A tree's left side has the largest power of two below its size.
  function halfOf(size) {
    let half = 1;
    while (half * 2 < size) half *= 2;
    return half;
  }

  // The root of a tree of `size` leaves, from one leaf and its path, the leaf's sibling first (RFC 6962, 2.1.1).
  // `trail` collects each hash that is computed on the way up.
  async function rootOfPath(start, index, size, path, code, trail = []) {
    need(index < size, code, `There is no place ${index} among ${size}.`);
    const wrong = `There are ${path.length ? "more" : "fewer"} hashes than the tree has levels.`;
    need((size === 1) === (path.length === 0), code, wrong);
    if (size === 1) return start;
    const half = halfOf(size);
    const [rest, sibling] = [path.slice(0, -1), path[path.length - 1]];
    const isLeft = index < half;
    const inner = isLeft
      ? await rootOfPath(start, index, half, rest, code, trail)
      : await rootOfPath(start, index - half, size - half, rest, code, trail);
    const found = isLeft ? await node(inner, sibling) : await node(sibling, inner);
    trail.push({ sibling: hex(sibling), isLeft, found: hex(found) });
    return found;
  }

  // The roots of `old` and of `new` leaves (RFC 6962, 2.1.2); `known`: of the first, unless it is in the path.
  async function bothRoots(older, newer, known, path) {
    if (older === newer && path.length === (known === null ? 1 : 0)) return [known ?? path[0], known ?? path[0]];
    const wrong = `There are ${path.length ? "more" : "fewer"} hashes than the trees need.`;
    need(older < newer && path.length > 0, "consistency", wrong);
    const half = halfOf(newer);
    const [rest, sibling] = [path.slice(0, -1), path[path.length - 1]];
    if (older <= half) {
      const [first, second] = await bothRoots(older, half, known, rest);
      return [first, await node(second, sibling)];
    }
    const [first, second] = await bothRoots(older - half, newer - half, null, rest);
    return [await node(sibling, first), await node(sibling, second)];
  }

  // Throws Refused unless the tree of `newer` leaves begins with the tree of `older` leaves.
  async function checkConsistency(older, newer, oldRoot, newRoot, path) {
    const right = older <= newer && (older > 0 || path.length === 0);
    const wrong = `${older} leaves cannot come before ${newer} with ${path.length} hashes between them.`;
    need(right, "consistency", wrong);
    const empty = await sha256(new Uint8Array());
    const found = older ? await bothRoots(older, newer, oldRoot, path) : [empty, newer ? newRoot : empty];
    const rewritten = `The first ${older} leaves have another root now: the log was rewritten.`;
    need(same(found[0], oldRoot), "consistency", rewritten);
    need(same(found[1], newRoot), "consistency", `The hashes do not lead to the root of all ${newer} leaves.`);
  }

  // --- Signatures: Ed25519, by keys that the reader trusts -------------------------------------------------------

  async function isSignature(key, signature, text) {
    let imported;
    try {
      imported = await crypto.subtle.importKey("raw", key.public, { name: "Ed25519" }, false, ["verify"]);
    } catch (fault) {
      if (fault.name !== "NotSupportedError") return false;
      throw new Refused("unsupported", "This browser cannot check Ed25519 signatures.", true);
    }
    return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, bytesOf(text));
  }

  // When this key signed, in seconds since 1970 (1 for a log's key); null: it did not. Throws Refused when false.
  async function signedAt(note, key) {
    let found = null;
    for (const { name, id, raw } of note.signatures) {
      if (name !== key.name || id !== key.id) continue;
      const isWitness = key.kind === WITNESS_KEY;
      // c2sp.org/tlog-cosignature: eight bytes of time, then the signature.
      const time = isWitness && raw.length > 8 ? new DataView(raw.buffer).getBigUint64(0) : 1n;
      const text = isWitness ? `cosignature/v1\ntime ${time}\n${note.text}` : note.text;
      const right = await isSignature(key, isWitness ? raw.slice(8) : raw, text);
      need(right, isWitness ? "cosignature" : "signature", `The signature of ${name} is false.`);
      found = Number(time);
    }
    return found;
  }

  // What a till prints of its key: the first 40 bits of its SHA-256 as eight symbols.
  async function fingerprint(publicKey) {
    const bits = (await sha256(publicKey)).slice(0, 5).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const symbols = Array.from({ length: 8 }, (_, at) => CROCKFORD[Number((bits >> BigInt(35 - 5 * at)) & 31n)]);
    return `${symbols.slice(0, 4).join("")}-${symbols.slice(4).join("")}`;
  }

  // By which key the till signed the sale, if it did. Nothing in the file says whose key that is: the paper does.
  async function checkTill({ file, record }) {
    const own = record.signature;
    if (own === null) return { mark: null };
    const [publicKey, value] = [unbase64(own.public_key, "record", 32), unbase64(own.value, "record", 64)];
    const at = file.record.indexOf(SALE_KEY);
    const signed = `possys/sale/1\n${file.record.slice(at + SALE_KEY.length, -1)}`;
    const right = at >= 0 && (await isSignature({ public: publicKey }, value, signed));
    need(right, "till-signature", "The signature is not of the till's key over this sale.");
    return { mark: await fingerprint(publicKey) };
  }

  async function checkLogKey(note, keys) {
    const own = keys.filter((key) => key.name === note.origin);
    need(own.length, "origin", `The checkpoint is of the log ${note.origin}; no key of that log was given.`);
    const times = await Promise.all(own.map((key) => signedAt(note, key)));
    need(times.some(Boolean), "key", `No given key of ${note.origin} signed the checkpoint.`);
  }

  // The witnesses that cosigned, with the times in seconds since 1970.
  async function checkWitnesses(note, witnesses, quorum) {
    const names = new Map(witnesses.map((key) => [key.name + key.id, key]));
    const found = [];
    for (const key of names.values()) found.push({ name: key.name, at: await signedAt(note, key) });
    const cosigned = found.filter((one) => one.at);
    const wanted = quorum ?? names.size;
    const wrong = `Only ${cosigned.length} of the ${names.size} given witnesses cosigned the checkpoint.`;
    need(cosigned.length >= wanted, "quorum", wrong);
    return cosigned;
  }

  // --- What is checked -------------------------------------------------------------------------------------------

  // Steps in the order in which they are checked; a later one is still tried when an earlier one fails.
  class Steps {
    constructor() {
      this.all = [];
    }

    async attempt(name, check) {
      const step = { name, fault: null };
      try {
        Object.assign(step, await check());
      } catch (fault) {
        if (!(fault instanceof Refused)) throw fault;
        step.fault = { code: fault.code, sentence: fault.message, isUnknown: fault.isUnknown };
      }
      this.all.push(step);
      return step;
    }

    get report() {
      const faults = this.all.map((step) => step.fault).filter(Boolean);
      const first = faults.find((fault) => !fault.isUnknown) ?? faults[0] ?? null;
      return { steps: this.all, fault: first, verdict: first ? first.code : "valid" };
    }
  }

  // Checks a proof file (its bytes) against the keys that the reader trusts, given as text.
  // Answers { verdict: "valid" or the first fault's code, fault, steps, proof }. Throws Refused for an unusable key.
  async function verifyProof(bytes, { keys, witnesses = [], quorum = null, code = null }) {
    const logKeys = await Promise.all(keys.map((key) => readKey(key, LOG_KEY)));
    const witnessKeys = await Promise.all(witnesses.map((key) => readKey(key, WITNESS_KEY)));
    const steps = new Steps();
    const { proof } = await steps.attempt("read", () => ({ proof: readProof(bytes) }));
    if (!proof) return { ...steps.report, proof: null };
    await steps.attempt("code", () => checkCode(proof, code));
    await steps.attempt("place", () => checkPlace(proof));
    await steps.attempt("block", () => checkBlock(proof));
    await steps.attempt("log", () => checkLog(proof));
    await steps.attempt("till", () => checkTill(proof));
    await steps.attempt("key", () => checkLogKey(proof.log.note, logKeys));
    await steps.attempt("witnesses", async () => ({
      cosigned: await checkWitnesses(proof.log.note, witnessKeys, quorum),
    }));
    return { ...steps.report, proof };
  }

  function checkCode({ record }, code) {
    need(code === null || record.code === code, "code", `This is the proof of ${record.code}, not of ${code}.`);
  }

  function checkPlace({ file, record, header }) {
    const right =
      record.shard === header.shard &&
      record.epoch === header.epoch &&
      record.number === header.first_number + file.position;
    const wrong = `The record's own shard, epoch and number are not those of position ${file.position} of the block.`;
    need(right, "place", wrong);
  }

  async function checkBlock({ file, header, path }) {
    const start = await leaf(file.record);
    const trail = [];
    const root = hex(await rootOfPath(start, file.position, header.count, path, "leaf-path", trail));
    const wrong = `The record's hash ${hex(start)} leads to ${root}, not to the block's root ${header.root}.`;
    need(root === header.root, "leaf-path", wrong);
    return { start: hex(start), trail, root };
  }

  async function checkLog({ file, log }) {
    const start = await leaf(file.header);
    const trail = [];
    const root = hex(await rootOfPath(start, log.index, log.note.size, log.path, "log-path", trail));
    const wrong = `The header's hash ${hex(start)} leads to ${root}, not to the checkpoint's root ${hex(log.note.root)}.`;
    need(root === hex(log.note.root), "log-path", wrong);
    return { start: hex(start), trail, root };
  }

  return { Refused, LOG_KEY, hex, readKey, rootOfPath, checkConsistency, verifyProof };
})();
