// Keeps what a page says of work in progress up to date: asks for the part every two seconds until it is over, then
// loads the page once more, because what can be done next stands outside of it.
"use strict";

(() => {
  const EVERY_MS = 2000;
  // After failures the next try waits longer, up to this.
  const WAIT_MAX_MS = 60000;
  const place = document.querySelector("[data-progress]");
  if (!place || isOver(place)) return;
  let waitMs = EVERY_MS;

  function isOver(part) {
    return part.querySelector("[data-over]")?.dataset.over === "1";
  }

  async function ask() {
    try {
      const answer = await fetch(place.dataset.progress, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      if (isOver(fresh)) {
        location.reload();
        return;
      }
      // A button that somebody has reached with the keyboard stays theirs.
      if (!place.contains(document.activeElement)) place.replaceChildren(...fresh.childNodes);
      waitMs = EVERY_MS;
    } catch {
      waitMs = Math.min(waitMs * 2, WAIT_MAX_MS);
    }
    setTimeout(ask, waitMs);
  }

  setTimeout(ask, waitMs);
})();
