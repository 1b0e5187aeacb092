"use strict";
// The page: its parts in their order, and what keeps a live one up to date.

let report = JSON.parse(document.getElementById("data").textContent);
const parts = {};

function part(name, title, ...children) {
  const content = el("div", { class: "content" }, children);
  const section = el("section", { id: name }, title ? el("h2", {}, title) : null, content);
  parts[name] = { section, content };
  return section;
}

function build() {
  const theme = el("button", { type: "button", class: "theme", onclick: changeTheme, title: "light or dark" }, "◐");
  theme.setAttribute("aria-label", "light or dark");
  const status = el("span", { id: "status" });
  document.getElementById("page").append(
    el("header", {}, el("h1", {}, "Ganymede"), status, theme),
    part("head"),
    part("alerts", "Noticed on the way"),
    part("samples", "Samples"),
    part("curves", "Curves"),
    part("metrics", "Metrics"),
    part("settings", "Settings"),
    part("facts", "Where this comes from"),
    el("footer", {}, "Made by " + report.made_by + " on " + report.made_on + ". Curves drawn by uPlot 1.6.32 (MIT)."),
  );
  buildTimeline(parts.samples.content);
  const longest = Math.max(0, ...report.runs.map((run) => run.log.step.length));
  view.smoothing = longest >= 100 ? 0.6 : 0;
  parts.curves.charts = el("div", { class: "charts" });
  const hint = el("p", { class: "hint screen" }, "Drag over a chart to zoom into it; double click shows all. Click a name to hide its line.");
  parts.curves.content.append(chartControls(redraw), hint, parts.curves.charts);
}

function show() {
  const fill = (name, children) => {
    parts[name].content.replaceChildren(...children.filter(Boolean));
    parts[name].section.hidden = children.length === 0;
  };
  const open = new Set([...document.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
  fill("head", headOf(report));
  fill("alerts", alertsOf(report));
  fill("metrics", metricsOf(report));
  fill("settings", settingsOf(report));
  fill("facts", factsOf(report));
  for (const summary of document.querySelectorAll("details > summary")) {
    if (open.has(summary.textContent)) summary.parentElement.open = true;
  }
  parts.samples.section.hidden = !report.runs.some((run) => run.pictures.length || run.real);
  fillTimeline(report);
  redraw();
}

function redraw() {
  parts.curves.section.hidden = !chartsOf(report).length;
  showAxes(report);
  drawCharts(report, parts.curves.charts);
}

function changeTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  show();
}

// On paper everything is dark on white.
function onPaper(isPaper) {
  if (isPaper) {
    parts.themeBefore = document.documentElement.dataset.theme || "";
    document.documentElement.dataset.theme = "light";
  } else if (parts.themeBefore) {
    document.documentElement.dataset.theme = parts.themeBefore;
  } else {
    delete document.documentElement.dataset.theme;
  }
  show();
}

async function lookAgain() {
  const status = document.getElementById("status");
  try {
    const answer = await fetch("data.json", { cache: "no-cache" });
    if (!answer.ok) throw new Error("status " + answer.status);
    const text = await answer.text();
    if (text !== parts.lastText) {
      parts.lastText = text;
      report = JSON.parse(text);
      parts.updates = (parts.updates || 0) + 1;
      show();
    }
    const ended = report.runs.every((run) => run.state !== "training");
    status.textContent = ended ? "The run has ended; report.html in its folder is this page." : "live";
    status.className = ended ? "" : "live";
    if (!ended) setTimeout(lookAgain, 1000 * report.live);
  } catch (error) {
    status.textContent = "Nobody answers: the run may have ended (" + error.message + "). Trying again.";
    status.className = "lost";
    setTimeout(lookAgain, 5000 * report.live);
  }
}

// With #self-test at the end of its address the page tries itself, and says in an element of that name what came of it. A
// live one first sees its run go on.
function selfTest() {
  if (report.live && (parts.updates || 0) < 3) {
    setTimeout(selfTest, 100);
    return;
  }
  const slider = timeline.slider;
  const steps = [];
  const sources = new Set();
  for (let at = 0; at <= Number(slider.max); at++) {
    slider.value = at;
    slider.dispatchEvent(new Event("input"));
    steps.push(timeline.steps[timeline.at]);
    sources.add(timeline.frames.map((frame) => frame.image.getAttribute("src")).join(" "));
  }
  const flags = document.querySelectorAll(".flag").length;
  const before = [...plots.values()].map(({ u }) => [u.scales.x.min, u.scales.x.max]);
  const [plot] = plots.values();
  if (plot) {
    const place = plot.u.over.getBoundingClientRect();
    const move = (kind, share, target) => {
      const at = { clientX: place.left + share * place.width, clientY: place.top + 0.5 * place.height, movementX: 1 };
      target.dispatchEvent(new MouseEvent(kind, { bubbles: true, button: 0, ...at }));
    };
    move("mousemove", 0.2, plot.u.over);
    move("mousedown", 0.2, plot.u.over);
    move("mousemove", 0.6, plot.u.over);
    move("mouseup", 0.6, document);
  }
  setTimeout(() => {
    const after = [...plots.values()].map(({ u }) => [u.scales.x.min, u.scales.x.max]);
    const pictures = [...document.images].map((image) => image.complete && image.naturalWidth > 0);
    const outcome = {
      faults,
      steps,
      pictures_shown: sources.size,
      pictures_loaded: pictures.filter(Boolean).length,
      pictures: pictures.length,
      charts: plots.size,
      zoomed: after.filter(([min, max], i) => min > before[i][0] && max < before[i][1]).length,
      flags,
      updates: parts.updates || 0,
      between: timeline.between.children.length,
      wider_than_screen: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    };
    document.body.append(el("pre", { id: "self-test" }, JSON.stringify(outcome)));
  }, 200);
}

build();
show();
new ResizeObserver(resizeCharts).observe(parts.curves.charts);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
window.addEventListener("beforeprint", () => onPaper(true));
window.addEventListener("afterprint", () => onPaper(false));
if (report.live) lookAgain();
if (location.hash === "#self-test") window.addEventListener("load", () => setTimeout(selfTest, 100));
