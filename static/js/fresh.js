// Keeps a page of figures up to date: asks for its changing part again and again, and puts a section in the place of the old
// one where something is different. Asks for nothing while the page is not looked at.
"use strict";

(() => {
  const place = document.querySelector("[data-fresh]");
  if (!place) return;
  const part = place.querySelector("[data-fresh-part]");
  const stale = place.querySelector("[data-fresh-stale]");
  const everyMs = Number(place.dataset.every) * 1000;
  // After failures the next try waits longer, up to this: a server in trouble is not asked more often.
  const waitMaxMs = Math.max(60_000, 2 * everyMs);
  const LIMIT_MS = 20_000;
  let waitMs = everyMs;
  let timer = 0;
  let lastNews = new Date();

  const keyed = (root) => new Map([...root.querySelectorAll("[data-key]")].map((node) => [node.dataset.key, node]));
  const copies = (node) => [...node.childNodes].map((child) => document.importNode(child, true));

  // What somebody has opened stays open.
  function replace(old, fresh) {
    const open = [...old.querySelectorAll("details")].map((box) => box.open);
    old.className = fresh.className;
    old.replaceChildren(...copies(fresh));
    [...old.querySelectorAll("details")].forEach((box, at) => { box.open = open[at] ?? false; });
  }

  function takeOver(text) {
    const answer = new DOMParser().parseFromString(text, "text/html");
    const fresh = answer.querySelector("[data-fresh-part]") ?? answer.body;
    const [olds, news] = [keyed(part), keyed(fresh)];
    if (!news.size) throw new Error("answered with another page");
    if ([...olds.keys()].join() !== [...news.keys()].join()) {
      part.replaceChildren(...copies(fresh));
      return;
    }
    for (const [key, old] of olds) {
      const now = news.get(key);
      // Whoever stands in a section with the keyboard keeps it as it is until leaving it.
      if (old.innerHTML !== now.innerHTML && !old.contains(document.activeElement)) replace(old, now);
    }
  }

  async function update() {
    try {
      const answer = await fetch(place.dataset.fresh || location.href, {
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      takeOver(await answer.text());
      [waitMs, lastNews] = [everyMs, new Date()];
      stale.hidden = true;
    } catch {
      waitMs = Math.min(waitMs * 2, waitMaxMs);
      stale.querySelector("[data-fresh-time]").textContent = lastNews.toLocaleTimeString(document.documentElement.lang);
      stale.hidden = false;
    }
    plan(waitMs);
  }

  function plan(ms) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(update, ms);
  }

  // Whoever comes back sees news at once.
  document.addEventListener("visibilitychange", () => plan(0));
  plan(everyMs);
})();
