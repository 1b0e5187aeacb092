"use strict";
// Charts that zoom together, with what was noticed on the way.

const view = { axis: "steps", smoothing: 0, log: false, cut: true, zoom: null };
const plots = new Map();
let moving = false;

function isLog(chart) {
  return view.log || chart.log === true;
}

// Everything that a plot would have to be built anew for.
function signatureOf(chart, data) {
  const lines = chart.curves.map((curve) => curve.label).join("\n");
  return [lines, view.axis, data.length, isLog(chart), hasNoLog(data), document.documentElement.dataset.theme].join("\n");
}

function hasNoLog(data) {
  return data.slice(1).some((column) => column.some((value) => isNumber(value) && value <= 0));
}

function extentOf() {
  let from = Infinity;
  let to = -Infinity;
  for (const { data } of plots.values()) {
    if (!data[0].length) continue;
    from = Math.min(from, data[0][0]);
    to = Math.max(to, data[0][data[0].length - 1]);
  }
  return from < to ? [from, to] : [0, Math.max(1, to)];
}

function drawCharts(report, place) {
  const charts = chartsOf(report);
  const keys = new Set(charts.map((chart) => chart.key));
  for (const [key, plot] of plots) {
    if (!keys.has(key)) {
      plot.u.destroy();
      plot.box.remove();
      plots.delete(key);
    }
  }
  for (const chart of charts) {
    const data = dataOf(report, chart, view);
    const signature = signatureOf(chart, data);
    let plot = plots.get(chart.key);
    if (!plot) {
      const hint = chart.hint ? el("span", { class: "hint" }, chart.hint) : null;
      const box = el("figure", { class: "chart" }, el("figcaption", {}, chart.title, hint));
      plot = { box };
      plots.set(chart.key, plot);
    }
    place.append(plot.box);
    Object.assign(plot, { chart, data, report });
    if (plot.signature === signature) {
      plot.u.setData(data, false);
    } else {
      if (plot.u) plot.u.destroy();
      plot.signature = signature;
      plot.u = newPlot(plot);
    }
  }
  zoomTo(view.zoom);
}

function newPlot(plot) {
  const { chart, data } = plot;
  const smooth = data.length - 1 > chart.curves.length;
  const several = plot.report.runs.length > 1;
  const series = [{ label: view.axis, value: (u, value) => figure(value) }];
  chart.curves.forEach((curve, i) => {
    const own = chart.curves.filter((other) => other.run === curve.run).indexOf(curve);
    const stroke = lineColour(several ? curve.run : i);
    const dash = several && own > 0 ? [4 + 2 * own, 3] : undefined;
    const value = (u, value) => figure(value);
    if (smooth) {
      series.push({ label: curve.label, class: "raw", stroke, alpha: 0.22, width: 1, points: { show: false } });
    }
    series.push({ label: curve.label, stroke, dash, width: 2, value, points: { size: 5 } });
  });
  const axis = { stroke: colour("faint"), grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const names = (u, values) => values.map((value) => (value === null ? "" : figure(value)));
  const round = (u, values) => names(u, values.map((value) => (isRound(value) ? value : null)));
  const distr = isLog(chart) ? (hasNoLog(data) ? 4 : 3) : 1;
  const options = {
    width: Math.max(200, plot.box.clientWidth || 480),
    height: 220,
    series,
    scales: { x: { time: false }, y: { distr, range: (u, low, high) => rangeOf(u, plot, distr) } },
    axes: [
      { ...axis, values: names, size: 32 },
      { ...axis, values: distr === 3 ? round : names, size: 58 },
    ],
    cursor: { sync: { key: "report", setSeries: false }, drag: { x: true, y: false }, bind: { dblclick: () => () => zoomTo(null) } },
    legend: { live: true },
    hooks: {
      setScale: [(u, key) => key === "x" && follow(u)],
      draw: [(u) => drawAlerts(u, plot)],
      setSeries: [(u, i, options) => smooth && showBoth(u, i, options)],
    },
  };
  return new uPlot(options, data, plot.box);
}

// 1, 2 and 5 of any power of ten: what a logarithmic axis is read by.
function isRound(value) {
  if (!(value > 0)) return false;
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((round) => Math.abs(digit - round) < 1e-6);
}

// A line and its smooth one are hidden and shown together.
function showBoth(u, i, options) {
  if (i === null || options.show === undefined || i % 2 !== 0) return;
  if (u.series[i - 1].show !== options.show) u.setSeries(i - 1, { show: options.show });
}

function rangeOf(u, plot, distr) {
  const shown = plot.data.filter((column, i) => i === 0 || u.series[i].show);
  const { min, max } = u.scales.x;
  let [low, high] = boundsOf(shown, min ?? -Infinity, max ?? Infinity, view.cut);
  if (distr === 3) return [low / 1.3, Math.max(high * 1.3, low * 1.6)];
  const air = high > low ? Math.max(0.06 * (high - low), 1e-3 * Math.abs(high)) : 0.1 * Math.abs(high) || 0.5;
  return [low - air, high + air];
}

// One plot was zoomed: so are the others.
function follow(u) {
  if (moving) return;
  const { min, max } = u.scales.x;
  const [from, to] = extentOf();
  const all = min <= from && max >= to;
  if (isNumber(min) && isNumber(max) && !all) zoomTo([min, max]);
}

function zoomTo(zoom) {
  view.zoom = zoom;
  const [min, max] = zoom || extentOf();
  moving = true;
  for (const { u } of plots.values()) u.batch(() => u.setScale("x", { min, max }));
  // Scales are set when a batch is drawn, after this.
  queueMicrotask(() => {
    moving = false;
  });
  showZoom();
}

// A line at each alert, and a flag that says what it is.
function drawAlerts(u, plot) {
  u.over.querySelectorAll(".flag").forEach((flag) => flag.remove());
  const context = u.ctx;
  context.save();
  plot.report.runs.forEach((run, i) => {
    if (!plot.chart.curves.some((curve) => curve.run === i)) return;
    for (const alert of run.alerts) {
      const x = placeOf(run, alert.step, view.axis);
      if (!isNumber(x) || x < u.scales.x.min || x > u.scales.x.max) continue;
      const kind = alert.state === "cleared" ? "cleared" : alert.severity;
      const at = u.valToPos(x, "x", true);
      context.strokeStyle = colour(kind);
      context.lineWidth = devicePixelRatio;
      context.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      context.beginPath();
      context.moveTo(at, u.bbox.top);
      context.lineTo(at, u.bbox.top + u.bbox.height);
      context.stroke();
      const words = "step " + alert.step + ": " + alert.symptom + (alert.state === "cleared" ? ", over" : "") + ". " + alert.words;
      const flag = el("span", { class: "flag " + kind, title: words });
      flag.style.left = u.valToPos(x, "x") + "px";
      u.over.append(flag);
    }
  });
  context.restore();
}

function resizeCharts() {
  for (const { u, box } of plots.values()) {
    if (box.clientWidth && Math.abs(u.width - box.clientWidth) > 1) u.setSize({ width: box.clientWidth, height: u.height });
  }
}

let controls = null;

// The line above the charts: over what, how smooth, which part.
function chartControls(redraw) {
  const axes = el("span", { class: "choice", role: "group", "aria-label": "x axis" });
  const range = (label, end) => {
    const input = el("input", { type: "range", min: 0, max: 1000, step: 1, value: end });
    input.setAttribute("aria-label", label);
    input.addEventListener("input", zoomFromSliders);
    return input;
  };
  const from = range("first " + view.axis + " shown", 0);
  const to = range("last " + view.axis + " shown", 1000);
  const number = el("output", {}, view.smoothing.toFixed(2));
  const smoothing = el("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: view.smoothing });
  smoothing.setAttribute("aria-label", "smoothing");
  smoothing.addEventListener("input", () => {
    view.smoothing = Number(smoothing.value);
    number.textContent = view.smoothing.toFixed(2);
    redraw();
  });
  const check = (name, words) => {
    const box = el("input", { type: "checkbox", checked: view[name] });
    box.addEventListener("change", () => {
      view[name] = box.checked;
      redraw();
    });
    return el("label", {}, box, " " + words);
  };
  const all = el("button", { type: "button", onclick: () => zoomTo(null) }, "show all");
  controls = { axes, from, to, all, redraw };
  return el(
    "div",
    { class: "controls" },
    axes,
    el("label", {}, "smoothing ", smoothing, " ", number),
    check("log", "log scale"),
    check("cut", "cut spikes"),
    el("span", { class: "window" }, "from ", from, " to ", to, " ", all),
  );
}

function showAxes(report) {
  const names = axesOf(report);
  if (!names.includes(view.axis)) view.axis = names[0] || "steps";
  controls.axes.replaceChildren(
    ...names.map((name) => {
      const choose = () => {
        view.axis = name;
        view.zoom = null;
        controls.redraw();
      };
      const button = el("button", { type: "button", onclick: choose }, name);
      button.setAttribute("aria-pressed", String(name === view.axis));
      return button;
    }),
  );
}

function zoomFromSliders() {
  const [from, to] = extentOf();
  const [a, b] = [Number(controls.from.value), Number(controls.to.value)].sort((x, y) => x - y);
  if (b - a < 2) return;
  zoomTo(a === 0 && b === 1000 ? null : [from + ((to - from) * a) / 1000, from + ((to - from) * b) / 1000]);
}

function showZoom() {
  if (!controls) return;
  const [from, to] = extentOf();
  const [min, max] = view.zoom || [from, to];
  const share = (x) => Math.round((1000 * (x - from)) / (to - from || 1));
  if (document.activeElement !== controls.from) controls.from.value = share(min);
  if (document.activeElement !== controls.to) controls.to.value = share(max);
  controls.all.disabled = view.zoom === null;
}
