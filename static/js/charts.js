// Draws the chart of each <figure data-chart> from the table behind it, which stays the data and the text of the chart.
// Without this script the tables are shown. A point leads where its row's link leads: by a click, or by arrows and Enter.
"use strict";

const charts = (() => {
  const LANGUAGE = document.documentElement.lang || "en";
  const NUMBERS = ["money", "count", "quantity", "percent", "change"];
  // What the value of a kind is divided by (a power of ten), unless the column says so itself, as money does.
  const DIGITS = { quantity: 4, percent: 2, change: 2 };
  const HEAT_STEPS = 7;
  // The darkest step begins at this part of all values, by size.
  const HEAT_FULL_AT = 0.95;
  const WEEK_DAYS = 7;
  const DAY_HOURS = 24;
  // From so many days on, the axis names months.
  const MONTHS_FROM_DAYS = 120;
  const DURATION_MS = 300;
  const DAY_MS = 24 * 60 * 60 * 1000;
  const A_MONDAY = Date.UTC(2024, 0, 1);
  const shades = matchMedia("(prefers-color-scheme: dark)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const paper = matchMedia("print");
  const drawn = new Map();

  // --- The table -------------------------------------------------------------------------------------------------

  function readTable(table) {
    const columns = [...table.tHead.rows[0].cells].map((cell) => ({
      key: cell.dataset.key,
      title: cell.dataset.title ?? cell.textContent.trim(),
      kind: cell.dataset.kind,
      digits: Number(cell.dataset.digits ?? DIGITS[cell.dataset.kind] ?? 0),
      currency: cell.dataset.currency,
    }));
    const rows = [...table.tBodies[0].rows].map((row) => ({
      href: row.querySelector("a[href]")?.href,
      isOpen: "open" in row.dataset,
      texts: [...row.cells].map((cell) => cell.textContent.trim()),
      values: [...row.cells].map((cell) => valueOf(cell.dataset.value)),
    }));
    return { columns, rows };
  }

  function valueOf(text) {
    if (text === undefined || text === "") return null;
    return /^-?\d+$/.test(text) ? Number(text) : text;
  }

  // The columns that are drawn together: numbers of one kind, such as amounts; groups in the order of the table.
  function groupsOf(columns) {
    const groups = new Map();
    for (const [at, column] of columns.entries()) {
      if (at === 0 || !["money", "count"].includes(column.kind)) continue;
      groups.set(column.kind, [...(groups.get(column.kind) ?? []), at]);
    }
    return [...groups.values()];
  }

  const isBefore = (column) => column.key === "before" || column.key.endsWith("_before");
  // The sign in front of a value that is drawn as a line.
  const keyOf = (column) => {
    if (column.key === "expected") return "chart-key chart-key-expected";
    return isBefore(column) ? "chart-key chart-key-before" : "chart-key";
  };

  // --- Writing ---------------------------------------------------------------------------------------------------

  function shortNumber(column) {
    const style = column.currency ? { style: "currency", currency: column.currency, currencyDisplay: "narrowSymbol" } : {};
    const format = new Intl.NumberFormat(LANGUAGE, {
      notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1, ...style,
    });
    const sign = column.kind === "percent" ? " %" : "";
    return (value) => format.format(value / 10 ** column.digits) + sign;
  }

  function axisName(column, rows) {
    if (column.kind === "hour") return (value) => `${String(value).padStart(2, "0")}:00`;
    if (column.kind !== "date") return (_, at) => rows[at]?.texts[0] ?? "";
    const long = rows.length > MONTHS_FROM_DAYS;
    const format = new Intl.DateTimeFormat(LANGUAGE, {
      timeZone: "UTC", month: "short", ...(long ? { year: "2-digit" } : { day: "numeric" }),
    });
    return (value) => format.format(new Date(`${value}T00:00Z`));
  }

  // --- Looks -----------------------------------------------------------------------------------------------------

  function looksOf(figure) {
    const style = getComputedStyle(figure);
    const named = (name) => style.getPropertyValue(name).trim();
    return {
      ink: named("--ink"), muted: named("--muted"), rule: named("--rule"), surface: named("--surface"),
      before: named("--chart-before"), area: named("--chart-area"), band: named("--chart-band"), fade: named("--chart-fade"),
      series: [1, 2, 3, 4, 5, 6].map((at) => named(`--chart-${at}`)),
      heat: Array.from({ length: HEAT_STEPS + 1 }, (_, at) => named(`--heat-${at}`)),
      font: style.fontFamily,
    };
  }

  function common(looks) {
    return {
      animation: !calm.matches && !paper.matches,
      animationDuration: DURATION_MS,
      animationDurationUpdate: DURATION_MS,
      color: looks.series,
      textStyle: { fontFamily: looks.font, color: looks.muted, fontSize: 12 },
      aria: { enabled: false },
    };
  }

  function tooltip(looks, content, trigger, pointer) {
    return {
      trigger,
      axisPointer: pointer,
      confine: true,
      className: "chart-tip",
      backgroundColor: looks.surface,
      borderColor: looks.rule,
      borderWidth: 1,
      padding: 0,
      transitionDuration: 0,
      textStyle: { color: looks.ink, fontFamily: looks.font, fontSize: 13 },
      extraCssText: "box-shadow: 0 6px 24px rgb(0 0 0 / 14%)",
      formatter: content,
    };
  }

  function valueAxis(looks, column) {
    return {
      type: "value",
      splitNumber: 3,
      axisLabel: { color: looks.muted, formatter: shortNumber(column), margin: 10 },
      splitLine: { lineStyle: { color: looks.rule, width: 1 } },
      axisLine: { show: false },
      axisTick: { show: false },
    };
  }

  function namedAxis(looks, table) {
    const name = axisName(table.columns[0], table.rows);
    return {
      type: "category",
      data: table.rows.map((row) => row.values[0] ?? row.texts[0]),
      axisLabel: { color: looks.muted, formatter: name, hideOverlap: true, margin: 10 },
      axisLine: { lineStyle: { color: looks.rule } },
      axisTick: { show: false },
    };
  }

  const GRID = { left: 4, right: 12, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };

  // --- Kinds of charts: each answers an option, and of an item of it the row -------------------------------------

  function lines(table, looks, columns) {
    const own = columns.filter((at) => !isBefore(table.columns[at]));
    // What is not over yet still grows: it hangs on by dots. What has not begun is not drawn.
    const open = table.rows.findIndex((row) => row.isOpen);
    const last = open < 0 ? table.rows.length : open;
    const style = (at) => {
      const before = isBefore(table.columns[at]);
      const color = before ? looks.before : looks.series[own.indexOf(at)];
      return {
        type: "line",
        name: table.columns[at].title,
        z: before ? 1 : 3,
        symbol: "circle",
        symbolSize: 7,
        showSymbol: table.rows.length === 1,
        lineStyle: { width: before ? 1.5 : 2.25, type: before ? [4, 4] : "solid", color, cap: "round", join: "round" },
        itemStyle: { color, borderColor: looks.surface, borderWidth: 1.5 },
        emphasis: { lineStyle: { width: before ? 1.5 : 2.25 } },
        areaStyle: before || own.length > 1 ? undefined : { color: gradient(looks), origin: "start" },
      };
    };
    const dotted = (at) => ({ ...style(at), areaStyle: undefined, lineStyle: { ...style(at).lineStyle, type: [1, 4] } });
    const valuesOf = (at, from, to) => table.rows.map((row, index) => (index >= from && index <= to ? row.values[at] : null));
    const series = columns.map((at) => ({
      ...style(at), data: isBefore(table.columns[at]) ? valuesOf(at, 0, table.rows.length) : valuesOf(at, 0, last - 1),
    }));
    if (open >= 0) series.push(...own.map((at) => ({ ...dotted(at), data: valuesOf(at, open - 1, open) })));
    return {
      option: {
        ...common(looks),
        grid: GRID,
        xAxis: { ...namedAxis(looks, table), boundaryGap: false },
        yAxis: valueAxis(looks, table.columns[columns[0]]),
        tooltip: tooltip(looks, (items) => tip(table, items[0].dataIndex, columns, looks), "axis", {
          type: "line", lineStyle: { color: looks.muted, width: 1, type: "solid" },
        }),
        series,
      },
      row: (item) => item,
      item: (row) => ({ seriesIndex: Math.max(0, columns.indexOf(own[0])), dataIndex: row }),
    };
  }

  function gradient(looks) {
    return {
      type: "linear", x: 0, y: 0, x2: 0, y2: 1,
      colorStops: [{ offset: 0, color: looks.area }, { offset: 1, color: looks.fade }],
    };
  }

  // Upright bars along the first column; of dates every day has its place, also without a row. Parts stand on each other.
  function bars(table, looks, columns) {
    const own = columns.filter((at) => !isBefore(table.columns[at]));
    const shown = table.columns[own[0]].kind === "money" ? own.slice(0, 1) : own;
    const slots = table.columns[0].kind === "date" ? daySlots(table) : table.rows.map((_, at) => at);
    const first = table.columns[0].kind === "date" ? Date.parse(table.rows[0].values[0]) : 0;
    const names = slots.map((at, slot) => (first ? new Date(first + slot * DAY_MS).toISOString().slice(0, 10) : table.rows[at].values[0] ?? table.rows[at].texts[0]));
    const series = shown.map((at, place) => ({
      type: "bar",
      name: table.columns[at].title,
      stack: "parts",
      data: slots.map((row) => (row < 0 ? null : table.rows[row].values[at])),
      barMaxWidth: 36,
      itemStyle: { color: looks.series[place], borderColor: looks.surface, borderWidth: place ? 1 : 0, borderRadius: shown.length > 1 ? 0 : [3, 3, 0, 0] },
      emphasis: { itemStyle: { color: looks.series[place], opacity: 0.8 } },
    }));
    return {
      option: {
        ...common(looks),
        grid: GRID,
        xAxis: { ...namedAxis(looks, table), data: names },
        yAxis: valueAxis(looks, table.columns[own[0]]),
        tooltip: tooltip(looks, (items) => (slots[items[0].dataIndex] < 0 ? "" : tip(table, slots[items[0].dataIndex], null, looks)), "axis", { type: "none" }),
        series,
      },
      row: (item) => slots[item],
      item: (row) => ({ seriesIndex: 0, dataIndex: slots.indexOf(row) }),
    };
  }

  // For every day from the first row's to the last's, in whichever order they stand, its row, or -1.
  function daySlots(table) {
    const days = table.rows.map((row) => Date.parse(row.values[0]));
    const first = Math.min(...days);
    const slots = Array((Math.max(...days) - first) / DAY_MS + 1).fill(-1);
    days.forEach((day, at) => { slots[(day - first) / DAY_MS] = at; });
    return slots;
  }

  // Rows of weekday, hour, value; the days run down and the hours along.
  function heat(table, looks, [at]) {
    const sizes = table.rows.map((row) => row.values[at] ?? 0).filter((size) => size > 0).sort((one, other) => one - other);
    // A single day of all days must not make the others pale.
    const most = sizes[Math.floor((sizes.length - 1) * HEAT_FULL_AT)] ?? 1;
    const hours = table.rows.filter((row) => row.values[at]).map((row) => row.values[1]);
    const from = Math.min(...hours, DAY_HOURS - 1);
    const to = Math.max(...hours, from);
    const shown = table.rows.map((row, index) => ({ row, index })).filter(({ row }) => row.values[1] >= from && row.values[1] <= to);
    const width = to - from + 1;
    const step = (value) => (value > 0 ? Math.min(HEAT_STEPS, Math.max(1, Math.ceil((value / most) * HEAT_STEPS))) : 0);
    const days = [...Array(WEEK_DAYS).keys()];
    const weekday = new Intl.DateTimeFormat(LANGUAGE, { timeZone: "UTC", weekday: "short" });
    const names = days.map((day) => weekday.format(new Date(A_MONDAY + day * DAY_MS)));
    return {
      option: {
        ...common(looks),
        grid: { ...GRID, right: 4, top: 4 },
        xAxis: {
          type: "category",
          data: Array.from({ length: width }, (_, hour) => String(from + hour).padStart(2, "0")),
          axisLabel: { color: looks.muted, margin: 8, hideOverlap: true },
          axisLine: { show: false }, axisTick: { show: false },
        },
        yAxis: {
          type: "category", data: names, inverse: true,
          axisLabel: { color: looks.muted, margin: 8, interval: 0 },
          axisLine: { show: false }, axisTick: { show: false },
        },
        tooltip: tooltip(looks, (item) => tip(table, shown[item.dataIndex].index, null, looks), "item"),
        series: [{
          type: "heatmap",
          data: shown.map(({ row }) => ({
            value: [row.values[1] - from, row.values[0], row.values[at] ?? 0],
            itemStyle: { color: looks.heat[step(row.values[at] ?? 0)], borderColor: looks.surface, borderWidth: 2, borderRadius: 4 },
          })),
          emphasis: { itemStyle: { borderColor: looks.ink, borderWidth: 1.5 } },
        }],
      },
      width,
      rows: shown.map(({ index }) => index),
      row: (item) => shown[item].index,
      item: (row) => ({ seriesIndex: 0, dataIndex: shown.findIndex(({ index }) => index === row) }),
    };
  }

  // One bar of parts; the table below is its legend.
  function parts(table, looks, [at]) {
    const rows = table.rows.map((row, index) => ({ row, index })).filter(({ row }) => row.values[at] > 0);
    return {
      option: {
        ...common(looks),
        grid: { left: 0, right: 0, top: 0, bottom: 0 },
        xAxis: { type: "value", show: false, max: "dataMax" },
        yAxis: { type: "category", show: false, data: [""] },
        tooltip: tooltip(looks, (item) => tip(table, rows[item.seriesIndex].index, null, looks), "item"),
        series: rows.map(({ row, index }) => ({
          type: "bar",
          name: row.texts[0],
          stack: "whole",
          barWidth: "100%",
          data: [row.values[at]],
          itemStyle: { color: looks.series[index % looks.series.length], borderColor: looks.surface, borderWidth: 1.5, borderRadius: 4 },
          emphasis: { itemStyle: { opacity: 0.85 } },
        })),
      },
      rows: rows.map(({ index }) => index),
      row: (_, seriesIndex) => rows[seriesIndex].index,
      item: (row) => ({ seriesIndex: rows.findIndex(({ index }) => index === row), dataIndex: 0 }),
    };
  }

  // Days with what was sold, what is expected, and a band from "low" to "high" around it.
  function band(table, looks) {
    const place = Object.fromEntries(table.columns.map(({ key }, at) => [key, at]));
    const valuesOf = (key) => table.rows.map((row) => row.values[place[key]]);
    const [low, high] = [valuesOf("low"), valuesOf("high")];
    const line = (key, color, more) => ({
      type: "line", name: table.columns[place[key]].title, data: valuesOf(key), symbol: "circle", symbolSize: 7,
      showSymbol: false, z: 3, lineStyle: { width: 2.25, color, cap: "round", join: "round" },
      itemStyle: { color, borderColor: looks.surface, borderWidth: 1.5 }, emphasis: { lineStyle: { width: 2.25 } }, ...more,
    });
    const edge = (name, data, more) => ({
      type: "line", name, data, stack: "band", symbol: "none", silent: true, z: 1,
      lineStyle: { opacity: 0 }, itemStyle: { color: looks.band }, emphasis: { disabled: true }, ...more,
    });
    return {
      option: {
        ...common(looks),
        grid: GRID,
        xAxis: { ...namedAxis(looks, table), boundaryGap: false },
        yAxis: valueAxis(looks, table.columns[place.actual]),
        tooltip: tooltip(looks, (items) => tip(table, items[0].dataIndex, [place.actual, place.expected], looks), "axis", {
          type: "line", lineStyle: { color: looks.muted, width: 1, type: "solid" },
        }),
        series: [
          line("actual", looks.series[0]),
          line("expected", looks.series[1], { z: 4 }),
          edge(table.columns[place.low].title, low),
          edge(table.columns[place.high].title, high.map((value, at) => (value === null ? null : value - low[at])), { areaStyle: { color: looks.band } }),
        ],
      },
      row: (item) => item,
      item: (row) => ({ seriesIndex: table.rows[row].values[place.actual] === null ? 1 : 0, dataIndex: row }),
    };
  }

  const KINDS = { line: lines, bars, heat, parts, band };

  // --- What is said of a point -----------------------------------------------------------------------------------

  function tip(table, at, columns, looks) {
    const row = table.rows[at];
    const box = document.createElement("div");
    box.className = "chart-tip-body";
    const names = table.columns.map((column, index) => index).filter((index) => !NUMBERS.includes(table.columns[index].kind) && row.texts[index]);
    box.append(element("p", "chart-tip-head", names.map((index) => row.texts[index]).join(", ")));
    const list = element("dl", "");
    for (const [index, column] of table.columns.entries()) {
      if (!NUMBERS.includes(column.kind) || !row.texts[index]) continue;
      const line = element("div", "");
      const term = element("dt", "", column.title);
      if (columns?.includes(index)) term.prepend(element("span", keyOf(column)));
      line.append(term, element("dd", "", row.texts[index]));
      list.append(line);
    }
    box.append(list);
    if (row.href) box.append(element("p", "chart-tip-more", "Click for the receipts"));
    return box;
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function spoken(table, at) {
    return table.columns
      .map((column, index) => (table.rows[at].texts[index] ? `${column.title} ${table.rows[at].texts[index]}` : ""))
      .filter(Boolean).join(", ");
  }

  // --- One figure ------------------------------------------------------------------------------------------------

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.canvas = figure.querySelector("[data-canvas]");
      this.status = figure.querySelector("[data-status]");
      this.at = -1;
      this.group = 0;
      figure.classList.add("is-drawn");
      this.instance = echarts.init(this.canvas, null, { renderer: "canvas" });
      // Of a curve or of bars the whole height above a day or hour means it; elsewhere the piece that is met.
      if (["line", "bars", "band"].includes(figure.dataset.chart)) {
        this.instance.getZr().on("click", (event) => this.followColumn(event));
      } else {
        this.instance.on("click", (item) => this.follow(this.kind.row(item.dataIndex, item.seriesIndex)));
      }
      this.canvas.addEventListener("keydown", (event) => this.press(event));
      this.canvas.addEventListener("blur", () => this.instance.dispatchAction({ type: "hideTip" }));
      new ResizeObserver(() => this.resize()).observe(this.canvas);
      this.draw();
    }

    // Draws what the table says now.
    draw() {
      const table = readTable(this.figure.querySelector("table"));
      const written = JSON.stringify(table);
      const look = `${shades.matches} ${paper.matches} ${this.group}`;
      if (!table.rows.length || (written === this.written && look === this.look)) return;
      [this.table, this.written, this.look] = [table, written, look];
      const groups = groupsOf(table.columns);
      this.offer(groups);
      this.explain();
      this.kind = KINDS[this.figure.dataset.chart](table, looksOf(this.figure), groups[this.group] ?? groups[0]);
      this.instance.setOption(this.kind.option, { notMerge: true });
      this.canvas.classList.toggle("has-links", table.rows.some((row) => row.href));
    }

    // Buttons for what else the table could be drawn of: amounts or counts.
    offer(groups) {
      if (this.figure.dataset.chart !== "line" || groups.length < 2 || this.choices) return;
      this.choices = element("div", "chart-groups");
      this.choices.dataset.liveSkip = "";
      this.choices.setAttribute("role", "group");
      this.choices.setAttribute("aria-label", "What the chart shows");
      groups.forEach(([at], place) => {
        const button = element("button", "", this.table.columns[at].title);
        button.type = "button";
        button.addEventListener("click", () => this.choose(place));
        this.choices.append(button);
      });
      this.canvas.before(this.choices);
      this.choose(this.group);
    }

    // Above a band: what its lines and its area are.
    explain() {
      if (this.figure.dataset.chart !== "band" || this.legend) return;
      const titles = Object.fromEntries(this.table.columns.map(({ key, title }) => [key, title]));
      const signs = [["chart-key", titles.actual], ["chart-key chart-key-expected", titles.expected], ["chart-key-band", "In 4 of 5 cases"]];
      this.legend = element("p", "chart-legend");
      this.legend.dataset.liveSkip = "";
      this.legend.append(...signs.map(([sign, title]) => {
        const one = element("span", "");
        one.append(element("span", sign), title);
        return one;
      }));
      this.canvas.before(this.legend);
    }

    choose(group) {
      this.group = group;
      [...this.choices.children].forEach((button, at) => button.setAttribute("aria-pressed", String(at === group)));
      if (this.kind) this.draw();
    }

    resize() {
      if (this.canvas.clientWidth) this.instance.resize();
    }

    follow(at) {
      const { href } = this.table.rows[at];
      if (href) location.assign(href);
    }

    followColumn({ offsetX, offsetY }) {
      const point = [offsetX, offsetY];
      if (!this.instance.containPixel("grid", point)) return;
      const at = this.instance.convertFromPixel("grid", point)[0];
      const row = this.kind.row(at);
      if (this.table.rows[row]) this.follow(row);
    }

    press(event) {
      const rows = this.kind.rows ?? this.table.rows.map((_, at) => at);
      const here = rows.indexOf(this.at);
      const isHeat = this.figure.dataset.chart === "heat";
      const moves = {
        ArrowRight: 1, ArrowLeft: -1,
        ArrowDown: isHeat ? this.kind.width : 1, ArrowUp: isHeat ? -this.kind.width : -1,
      };
      let next = here;
      if (event.key in moves) next = here < 0 ? 0 : here + moves[event.key];
      else if (event.key === "Home") next = 0;
      else if (event.key === "End") next = rows.length - 1;
      else if (event.key === "Escape") return this.instance.dispatchAction({ type: "hideTip" });
      else if (event.key === "Enter" && here >= 0) return this.follow(this.at);
      else return undefined;
      event.preventDefault();
      if (next < 0 || next >= rows.length) return undefined;
      this.at = rows[next];
      this.instance.dispatchAction({ type: "showTip", ...this.kind.item(this.at) });
      this.status.textContent = spoken(this.table, this.at);
      return undefined;
    }
  }

  function drawAll() {
    for (const figure of document.querySelectorAll("figure[data-chart]")) {
      const known = drawn.get(figure);
      if (known) known.draw();
      else if (figure.querySelector("tbody tr")) drawn.set(figure, new Chart(figure));
    }
    for (const [figure, chart] of drawn) {
      if (figure.isConnected) continue;
      chart.instance.dispose();
      drawn.delete(figure);
    }
  }

  for (const query of [shades, paper]) query.addEventListener("change", drawAll);
  // The page's own way to print is asked for before its style is paper's.
  addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize()));
  drawAll();

  // What is drawn of a figure, for tests: a list of values for each series.
  const drawnOf = (figure) => drawn.get(figure).instance.getOption().series.map(({ data }) => data);

  return { drawAll, drawnOf };
})();
