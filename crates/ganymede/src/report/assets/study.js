"use strict";
// The page of a study: tables, curves of each seed with the median of each method, pictures.

const study = JSON.parse(document.getElementById("data").textContent);
const charts = [];

function tableOf(names, rows) {
  const head = el("tr", {}, names.map((name) => el("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...cells]) => el("tr", {}, el("th", { scope: "row" }, first), cells.map((cell) => el("td", {}, cell))));
  return el("div", { class: "wide figures" }, el("table", {}, el("thead", {}, head), el("tbody", {}, body)));
}

function rowsOf(set) {
  return set.rows.map((row) => {
    const paper = row.paper ? el("span", { class: "hint" }, " " + row.paper) : null;
    const seconds = isNumber(row.seconds) ? row.seconds.toFixed(1) : "–";
    return [el("span", {}, row.method, paper), row.runs, ...row.values.map((value) => value || "–"), seconds];
  });
}

function publishedOf(set) {
  const names = [...new Set(set.published.flatMap((row) => Object.keys(row.values)))];
  const rows = set.published.map((row) => [row.method, ...names.map((name) => String(row.values[name] ?? "–")), row.source]);
  return [el("h3", {}, "As published, of other networks and budgets"), tableOf(["method", ...names, "source"], rows)];
}

// A method keeps its colour, and beyond the eighth its dashes, in all charts of a data set.
function strokeOf(set, method) {
  const at = set.rows.findIndex((row) => row.method === method);
  return { stroke: lineColour(at), dash: at < COLOURS ? undefined : [6, 3] };
}

function chartOf(set, chart) {
  const hint = el("span", { class: "hint" }, chart.lower_is_better ? "lower is better" : "higher is better");
  const box = el("figure", { class: "chart" }, el("figcaption", {}, chart.name, hint));
  const tables = chart.curves.map((curve) => [curve.steps, curve.median, ...curve.seeds]);
  charts.push({ box, set, chart, data: uPlot.join(tables), u: null });
  return box;
}

// Built anew where the colours change.
function drawAll() {
  for (const plot of charts) {
    if (plot.u) plot.u.destroy();
    const series = [{ label: "step", value: (u, value) => figure(value) }];
    for (const curve of plot.chart.curves) {
      const look = strokeOf(plot.set, curve.method);
      series.push({ label: curve.method, width: 2, spanGaps: true, value: (u, value) => figure(value), points: { size: 4 }, ...look });
      for (const _ of curve.seeds) {
        series.push({ label: curve.method, class: "raw", width: 1, alpha: 0.25, spanGaps: true, points: { show: false }, ...look });
      }
    }
    const axis = { stroke: colour("faint"), grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const names = (u, values) => values.map((value) => (value === null ? "" : figure(value)));
    const options = {
      width: Math.max(200, plot.box.clientWidth || 480),
      height: 240,
      series,
      scales: { x: { time: false } },
      axes: [{ ...axis, values: names, size: 32 }, { ...axis, values: names, size: 58 }],
      cursor: { drag: { x: true, y: false } },
      hooks: { setSeries: [(u, i, options) => showSeeds(u, plot.chart, i, options)] },
    };
    plot.u = new uPlot(options, plot.data, plot.box);
  }
}

// The seeds of a method are hidden and shown with its median.
function showSeeds(u, chart, i, options) {
  if (i === null || options.show === undefined || u.series[i].class === "raw") return;
  let at = 1;
  for (const curve of chart.curves) {
    if (at === i) curve.seeds.forEach((_, seed) => u.setSeries(at + 1 + seed, { show: options.show }));
    at += 1 + curve.seeds.length;
  }
}

function picturesOf(set) {
  return set.pictures.map((picture) => {
    const words = picture.method + ", seed " + picture.seed;
    return el("figure", {}, el("img", { src: picture.src, alt: words }), el("figcaption", {}, words));
  });
}

function setOf(set) {
  return el(
    "section",
    {},
    study.sets.length > 1 ? el("h2", {}, set.name) : null,
    tableOf(["method", "runs", ...set.columns, "seconds a run"], rowsOf(set)),
    set.published.length ? publishedOf(set) : null,
    set.charts.length ? el("h3", {}, "On the way: each seed, and the median of each method") : null,
    el("div", { class: "charts" }, set.charts.filter((chart) => chart.curves.length).map((chart) => chartOf(set, chart))),
    set.pictures.length ? el("h3", {}, "After the last step") : null,
    el("div", { class: "frames" }, picturesOf(set)),
  );
}

function changeTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  drawAll();
}

function build() {
  const theme = el("button", { type: "button", class: "theme", onclick: changeTheme, title: "light or dark" }, "◐");
  theme.setAttribute("aria-label", "light or dark");
  document.getElementById("page").append(
    el("header", {}, el("h1", {}, "Ganymede"), theme),
    el("h2", {}, study.title),
    el("p", {}, "Means over the runs ± standard errors."),
    ...study.notes.map((note) => el("p", {}, note)),
    ...study.sets.map(setOf),
    el("footer", {}, "Made by " + study.made_by + " on " + study.made_on + ". Curves drawn by uPlot 1.6.32 (MIT)."),
  );
  drawAll();
}

// With #self-test at the end of its address the page says in an element of that name what it shows.
function selfTest() {
  const pictures = [...document.images].map((image) => image.complete && image.naturalWidth > 0);
  const outcome = {
    faults,
    charts: charts.length,
    rows: document.querySelectorAll("tbody tr").length,
    pictures_loaded: pictures.filter(Boolean).length,
    pictures: pictures.length,
    wider_than_screen: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  };
  document.body.append(el("pre", { id: "self-test" }, JSON.stringify(outcome)));
}

build();
new ResizeObserver(() => {
  for (const { u, box } of charts) {
    if (box.clientWidth && Math.abs(u.width - box.clientWidth) > 1) u.setSize({ width: box.clientWidth, height: u.height });
  }
}).observe(document.getElementById("page"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
if (location.hash === "#self-test") window.addEventListener("load", () => setTimeout(selfTest, 200));
