// Keeps a page whose period is not over up to date: asks the same address for its changing part, and takes over what is
// different, piece by piece, so that focus, scroll and what somebody has opened stay as they are.
"use strict";

const live = (() => {
  const PART_HEADER = "Possys-Part";
  // After a failure the next try waits twice as long, up to this.
  const WAIT_MAX_S = 160;
  const LIMIT_S = 20;
  const place = document.querySelector("[data-live]");
  const everyS = Number(place?.dataset.every ?? 0);
  let tag = "";
  let waitS = everyS;
  let timer = 0;
  let lastNews = new Date();

  // --- Taking over what is different -----------------------------------------------------------------------------

  const isSame = (one, other) =>
    one.nodeType === other.nodeType && one.nodeName === other.nodeName && one.dataset?.key === other.dataset?.key;

  function takeOver(old, fresh) {
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE || old.dataset.liveSkip !== undefined) return;
    copyAttributes(old, fresh);
    copyChildren(old, fresh);
  }

  // What the person did to the page is its own: an open box, a drawn chart.
  function copyAttributes(old, fresh) {
    for (const { name, value } of fresh.attributes) {
      if (name !== "class" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!["class", "open", "hidden"].includes(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    const drawn = old.classList.contains("is-drawn") ? " is-drawn" : "";
    const wanted = (fresh.getAttribute("class") ?? "") + drawn;
    if ((old.getAttribute("class") ?? "") !== wanted) old.setAttribute("class", wanted);
  }

  function copyChildren(old, fresh) {
    let at = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      // What a script put here is none of the server's.
      while (at?.dataset?.liveSkip !== undefined && !(child.dataset && "liveSkip" in child.dataset)) at = at.nextSibling;
      if (at && isSame(at, child)) {
        takeOver(at, child);
        at = at.nextSibling;
      } else {
        const later = laterSame(at, child);
        if (later) {
          while (at !== later) at = removed(at);
          takeOver(at, child);
          at = at.nextSibling;
        } else {
          old.insertBefore(document.importNode(child, true), at);
        }
      }
    }
    while (at) at = at.dataset?.liveSkip === undefined ? removed(at) : at.nextSibling;
  }

  // A piece that moved up is recognised by its key.
  function laterSame(from, child) {
    if (!child.dataset?.key) return null;
    for (let at = from; at; at = at.nextSibling) if (isSame(at, child)) return at;
    return null;
  }

  function removed(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
  }

  // --- Asking ----------------------------------------------------------------------------------------------------

  async function ask() {
    const headers = { [PART_HEADER]: "live", Accept: "text/html", ...(tag && { "If-None-Match": tag }) };
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(LIMIT_S * 1000) });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    tag = answer.headers.get("ETag") ?? "";
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
    if (!fresh) throw new Error("answered with another page");
    takeOver(place, fresh);
    charts.drawAll();
  }

  async function update() {
    try {
      await ask();
      [waitS, lastNews] = [everyS, new Date()];
      say(false);
    } catch {
      waitS = Math.min(waitS * 2, WAIT_MAX_S);
      say(true);
    }
    plan(waitS);
  }

  function say(isStale) {
    const said = place.querySelector("[data-stale]");
    if (!said) return;
    said.hidden = !isStale;
    said.querySelector("[data-stale-time]").textContent = lastNews.toLocaleTimeString(document.documentElement.lang, { hour12: false });
  }

  function plan(seconds) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(update, seconds * 1000);
  }

  if (everyS) {
    // Whoever comes back to the page sees news at once.
    document.addEventListener("visibilitychange", () => plan(document.hidden ? 0 : Math.max(0, 1)));
    plan(everyS);
  }

  return { update };
})();
