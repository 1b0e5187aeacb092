"use strict";
// From what was logged to what a chart shows: which curves belong together, over what, how smooth.

const GROUPS = [
  { title: "Losses", hint: "each player minimises its own", names: /^loss_(d|g)$/ },
  { title: "Scores of the discriminator", hint: "mean raw score", names: /^score_/ },
  { title: "Accuracy of the discriminator", hint: "share of samples on their side", names: /^accuracy_/ },
  { title: "Gradient norms", hint: "of each player's whole gradient", names: /^grad_norm_/, log: true },
  { title: "Penalties", hint: "times their weight", names: /^penalty/ },
  { title: "Augmentation", hint: "", names: /^(augment_p|diffusion_t|r_t)$/ },
  { title: "Learning rates", hint: "", names: /^lr_(g|d)$/ },
  { title: "Other values", hint: "", names: /./ },
];

// What names mean, in the order of a legend.
const PLAIN = {
  loss_g: "generator", loss_d: "discriminator",
  score_fake: "generated", score_real: "real", score_held_out: "held out",
  accuracy_fake: "generated", accuracy_real: "real",
  grad_norm_g: "generator", grad_norm_d: "discriminator",
  lr_g: "generator", lr_d: "discriminator",
};

// The charts of a report, each {key, title, hint, log, curves}, a curve {label, run, name, table}.
function chartsOf(report) {
  const labels = runLabels(report.runs);
  const several = report.runs.length > 1;
  const charts = new Map();
  const add = (key, chart, curve) => {
    if (!charts.has(key)) charts.set(key, { key, curves: [], ...chart });
    charts.get(key).curves.push(curve);
  };
  report.runs.forEach((run, i) => {
    for (const name of Object.keys(run.metrics.values)) {
      const known = run.latest && run.latest.values.find((value) => value.name === name);
      const better = known && known.lower_is_better !== null;
      const hint = better ? (known.lower_is_better ? "lower is better" : "higher is better") : "";
      const label = several ? labels[i] : name;
      add("metric " + name, { title: name, hint, metric: true }, { label, run: i, name, table: "metrics" });
    }
  });
  report.runs.forEach((run, i) => {
    const known = Object.keys(PLAIN).filter((name) => name in run.log.values);
    const others = Object.keys(run.log.values).filter((name) => !(name in PLAIN));
    for (const name of [...known, ...others]) {
      if (name === "lr_factor" && isConstant(run.log.values[name])) continue;
      const group = GROUPS.find((group) => group.names.test(name));
      const plain = known.includes(name) ? PLAIN[name] : name;
      const label = several ? labels[i] + ": " + plain : plain;
      add(group.title, group, { label, run: i, name, table: "log" });
    }
  });
  const order = (chart) => (chart.metric ? -1 : GROUPS.findIndex((group) => group.title === chart.title));
  return [...charts.values()].sort((a, b) => order(a) - order(b));
}

function isConstant(values) {
  return values.every((value) => value === values[0]);
}

// The x values of a table by the name of an axis.
function xOf(table, axis) {
  return table[axis === "steps" ? "step" : axis];
}

// Which axes all runs have.
function axesOf(report) {
  const has = (axis) => report.runs.every((run) => xOf(run.log, axis).every(isNumber));
  return ["steps", "images", "minutes"].filter(has);
}

// Where a step lies on an axis, on a straight line between the logged ones.
function placeOf(run, step, axis) {
  if (axis === "steps") return step;
  const steps = run.log.step;
  const places = xOf(run.log, axis);
  const after = steps.findIndex((s) => s >= step);
  if (after < 0) return places.length ? places[places.length - 1] : null;
  if (after === 0) return places[0] * (steps[0] ? step / steps[0] : 0);
  const share = (step - steps[after - 1]) / (steps[after] - steps[after - 1]);
  return places[after - 1] + share * (places[after] - places[after - 1]);
}

// A running average that forgets: weight 0 is the curve itself; the start is not drawn towards 0.
function smoothed(values, weight) {
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (!isNumber(value)) return null;
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return sum / total;
  });
}

// What uPlot draws: x, then for each curve its values, faint, and the smooth ones above them.
function dataOf(report, chart, view) {
  const tables = chart.curves.map((curve) => {
    const table = report.runs[curve.run][curve.table];
    const x = xOf(table, view.axis);
    const y = table.values[curve.name];
    const kept = [];
    let last = -Infinity;
    x.forEach((value, i) => {
      if (isNumber(value) && value > last) {
        kept.push(i);
        last = value;
      }
    });
    const values = kept.map((i) => (isNumber(y[i]) ? y[i] : null));
    const smooth = view.smoothing > 0 && !chart.metric ? [smoothed(values, view.smoothing)] : [];
    return [kept.map((i) => x[i]), values, ...smooth];
  });
  return uPlot.join(tables);
}

// The smallest and the largest of what is seen, without the wildest hundredth on either side where spikes are cut.
function boundsOf(data, from, to, cut) {
  const [x, ...columns] = data;
  const seen = [];
  for (const column of columns) {
    column.forEach((value, i) => {
      if (isNumber(value) && x[i] >= from && x[i] <= to) seen.push(value);
    });
  }
  if (!seen.length) return [0, 1];
  seen.sort((a, b) => a - b);
  const skip = cut && seen.length >= 100 ? Math.round(0.005 * (seen.length - 1)) : 0;
  return [seen[skip], seen[seen.length - 1 - skip]];
}
