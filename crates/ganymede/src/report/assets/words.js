"use strict";
// What is said in words and tables: how it went, what was noticed, metrics, settings, where it comes from.

const STATES = {
  completed: "completed", stopped: "stopped", diverged: "diverged", training: "training now",
  unfinished: "no summary: it still trains, or was killed",
};

function tile(name, value, more) {
  return el("div", { class: "tile" }, el("span", { class: "name" }, name), el("b", {}, value), more ? el("span", { class: "more" }, more) : null);
}

function headOf(report) {
  const labels = runLabels(report.runs);
  return report.runs.map((run, i) => {
    const chip = el("span", { class: "chip " + run.state }, STATES[run.state]);
    const steps = run.steps && run.steps !== run.step ? "of " + grouped(run.steps) : null;
    const first = run.latest && run.latest.values[0];
    const real = first && isNumber(first.between_reals) ? "real samples: " + figure(first.between_reals) : null;
    const speed = isNumber(run.images_per_second) ? figure(run.images_per_second) + " images/s" : null;
    const share = run.steps ? Math.min(1, run.step / run.steps) : 0;
    const bar = run.state === "training" ? el("progress", { value: share, max: 1 }) : null;
    const name = el("h2", {}, report.runs.length > 1 ? swatch(i) : null, labels[i], " ", chip);
    return el(
      "section",
      { class: "run" },
      name,
      run.about ? el("p", { class: "about" }, (run.preset ? run.preset + " · " : "") + run.about) : null,
      bar,
      run.verdict ? el("p", { class: "verdict" }, run.verdict) : null,
      el(
        "div",
        { class: "tiles" },
        first ? tile(first.name, figure(first.value), real) : null,
        tile("steps", grouped(run.step), steps),
        tile("images", figure(run.images)),
        tile("time", duration(run.seconds), speed),
        run.best ? tile("best checkpoint", "step " + grouped(run.best[0]), run.best[1]) : null,
      ),
      listOf("Warnings", run.warnings),
      listOf("What could not be read", run.remarks),
    );
  });
}

function swatch(index) {
  const mark = el("i", { class: "swatch" });
  mark.style.background = lineColour(index);
  return mark;
}

function listOf(title, items) {
  if (!items.length) return null;
  return el("details", { open: items.length < 4 }, el("summary", {}, title), el("ul", {}, items.map((item) => el("li", {}, item))));
}

function alertsOf(report) {
  const labels = runLabels(report.runs);
  const all = report.runs.flatMap((run, i) => run.alerts.map((alert) => ({ ...alert, run: i })));
  if (!all.length) return [];
  return all.map((alert) => {
    const kind = alert.state === "cleared" ? "cleared" : alert.severity;
    const place = (report.runs.length > 1 ? labels[alert.run] + ", " : "") + "step " + grouped(alert.step);
    const remedies = alert.remedies.length && alert.state !== "cleared" ? el("ul", {}, alert.remedies.map((remedy) => el("li", {}, remedy))) : null;
    return el(
      "article",
      { class: "alert " + kind },
      el("h3", {}, alert.symptom, el("span", { class: "hint" }, place + (alert.state === "cleared" ? ", over" : ", " + alert.severity))),
      alert.words ? el("p", {}, alert.words) : null,
      alert.evidence ? el("p", { class: "hint" }, alert.evidence) : null,
      remedies,
    );
  });
}

function table(head, rows, kind) {
  const cells = (tag, row) => el("tr", {}, row.map((cell, i) => el(i ? tag : "th", {}, cell)));
  return el("div", { class: "wide " + (kind || "") }, el("table", {}, el("thead", {}, cells("th", head)), el("tbody", {}, rows.map((row) => cells("td", row)))));
}

function metricsOf(report) {
  const labels = runLabels(report.runs);
  const measured = report.runs.map((run) => (run.latest ? run.latest.values : []));
  const names = [...new Set(measured.flat().map((value) => value.name))];
  if (!names.length) return [];
  const several = report.runs.length > 1;
  const of = (i, name) => measured[i].find((value) => value.name === name);
  const cell = (value) => {
    if (!value) return "–";
    const interval = value.interval ? " (" + figure(value.interval[0]) + " to " + figure(value.interval[1]) + ")" : "";
    return figure(value.value) + interval;
  };
  const rows = names.map((name) => {
    const known = report.runs.map((run, i) => of(i, name)).find(Boolean);
    const better = known.lower_is_better === null ? "" : known.lower_is_better ? "lower" : "higher";
    const real = measured.flat().find((value) => value.name === name && isNumber(value.between_reals));
    return [name, ...report.runs.map((run, i) => cell(of(i, name))), real ? figure(real.between_reals) : "–", better];
  });
  const columns = several ? labels : ["value"];
  const left = report.runs.flatMap((run) => (run.latest ? run.latest.left_out : []));
  return [
    table(["metric", ...columns, "between real samples", "better"], rows, "figures"),
    left.length ? listOf("Not measured", left.map(([measure, reason]) => measure + ": " + reason)) : null,
    el("div", { class: "pairs" }, classesOf(report, labels, several)),
  ].filter(Boolean);
}

// Bars: how often a class is seen in generated samples, beside real ones.
function classesOf(report, labels, several) {
  return report.runs.map((run, i) => {
    const classes = run.latest ? run.latest.classes : [];
    if (!classes.length) return null;
    const most = Math.max(...classes.flatMap((c) => [c.real || 0, c.generated || 0]), 1e-9);
    const bar = (kind, share) => {
      const inner = el("i", { class: kind });
      inner.style.width = (100 * (share || 0)) / most + "%";
      return el("span", { class: "bar", title: kind + ": " + figure(100 * share) + " %" }, inner, el("small", {}, figure(Number((100 * share).toFixed(1))) + " %"));
    };
    const rows = classes.map((c) => el("div", { class: "class" }, el("span", { class: "name" }, c.name), el("div", {}, bar("generated", c.generated), bar("real", c.real))));
    const title = "Share of each class" + (several ? ", " + labels[i] : "");
    const key = el("p", { class: "hint" }, el("i", { class: "key generated" }), " generated  ", el("i", { class: "key real" }), " real");
    return el("div", { class: "classes" }, el("h3", {}, title), key, rows);
  });
}

function settingsOf(report) {
  const labels = runLabels(report.runs);
  const parts = [];
  if (report.runs.length > 1) {
    const rows = report.differences.map((difference) => [difference.key, ...difference.values.map((value) => value ?? "–")]);
    parts.push(rows.length ? table(["setting", ...labels], rows) : el("p", {}, "All settings are alike."));
  }
  report.runs.forEach((run, i) => {
    if (!run.config.length) return;
    const title = report.runs.length > 1 ? "All settings of " + labels[i] : "All settings";
    parts.push(el("details", {}, el("summary", {}, title), table(["setting", "value"], run.config)));
  });
  return parts;
}

function factsOf(report) {
  const labels = runLabels(report.runs);
  return report.runs.flatMap((run, i) => {
    const groups = [...new Set(run.facts.map((fact) => fact.group))];
    const list = (group) => run.facts.filter((fact) => fact.group === group).flatMap((fact) => [el("dt", {}, fact.name), el("dd", {}, fact.text)]);
    return [
      report.runs.length > 1 ? el("h3", {}, labels[i]) : null,
      el("div", { class: "facts" }, groups.map((group) => el("div", {}, el("h4", {}, group), el("dl", {}, list(group))))),
      run.citation ? el("p", { class: "hint" }, run.citation) : null,
    ].filter(Boolean);
  });
}
