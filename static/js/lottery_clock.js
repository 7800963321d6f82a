// Counts on the time left to enter receipts. The page works without it: the server wrote how much there was.
"use strict";

(() => {
  const SECOND_MS = 1000;
  // As in lottery/wording.py.
  const UNITS_S = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const SECONDS_BELOW_S = 3600;
  // A page may come from the browser's own store, so that a small difference says nothing of its clock.
  const CLOCK_OFF_MS = 120000;

  const language = document.documentElement.lang;

  const said = (left_s) => {
    const units = left_s < SECONDS_BELOW_S ? UNITS_S : UNITS_S.slice(0, -1);
    let rest_s = left_s;
    const counted = units.map(([unit, unit_s]) => {
      const count = Math.floor(rest_s / unit_s);
      rest_s %= unit_s;
      return [count, unit];
    });
    const found = counted.findIndex(([count]) => count > 0);
    const first = found < 0 ? counted.length - 1 : found;
    const parts = counted.slice(first, first + 2).map(([count, unit]) =>
      new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count));
    return parts.join(", ");
  };

  for (const clock of document.querySelectorAll("[data-until]")) {
    const behind_ms = Number(clock.dataset.now) - Date.now();
    const shift_ms = Math.abs(behind_ms) > CLOCK_OFF_MS ? behind_ms : 0;
    const until_ms = Number(clock.dataset.until);
    let timer = 0;
    const tick = () => {
      const left_s = Math.floor((until_ms - Date.now() - shift_ms) / SECOND_MS);
      clock.textContent = left_s > 0 ? said(left_s) : clock.dataset.over;
      if (left_s <= 0) clearInterval(timer);
    };
    tick();
    timer = setInterval(tick, SECOND_MS);
  }
})();
