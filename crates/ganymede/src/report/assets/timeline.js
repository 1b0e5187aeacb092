"use strict";
// Samples from the first step to the last, beside real ones.

const timeline = { steps: [], at: -1, playing: null, frames: [] };

function buildTimeline(place) {
  const slider = el("input", { type: "range", min: 0, max: 0, step: 1, value: 0, id: "step" });
  slider.setAttribute("aria-label", "step of the samples shown");
  slider.addEventListener("input", () => showStep(Number(slider.value)));
  const play = el("button", { type: "button", class: "play", onclick: togglePlay }, "▶");
  play.setAttribute("aria-label", "play");
  const label = el("output", { class: "step" });
  const frames = el("div", { class: "frames" });
  const strip = el("div", { class: "strip" });
  const between = el("div", { class: "frames" });
  Object.assign(timeline, { slider, play, label, place: frames, strip, between });
  place.append(frames, el("div", { class: "controls slide" }, play, slider, label), strip, between);
}

// The newest picture of a run that is not from after `step`.
function pictureAt(run, step) {
  const before = run.pictures.filter((picture) => picture.step <= step);
  return before.length ? before[before.length - 1] : run.pictures[0];
}

function fillTimeline(report) {
  const wasAtEnd = timeline.at < 0 || timeline.at === timeline.steps.length - 1;
  const wanted = timeline.steps[timeline.at];
  const steps = new Set(report.runs.flatMap((run) => run.pictures.map((picture) => picture.step)));
  timeline.steps = [...steps].sort((a, b) => a - b);
  timeline.report = report;
  const labels = runLabels(report.runs);
  const several = report.runs.length > 1;
  const seen = report.runs.map((run, i) => [run, i]).filter(([run]) => run.pictures.length || run.real);
  if (timeline.frames.length !== seen.length) {
    timeline.frames = seen.map(([run, i]) => {
      const image = el("img", { alt: "generated samples", class: "generated" });
      const words = el("span", { class: "words" });
      const caption = el("figcaption", {}, several ? "real: " + dataOfRun(run) : "real");
      const real = run.real ? el("figure", {}, el("img", { alt: "real samples", src: run.real }), caption) : null;
      const made = el("figure", {}, image, el("figcaption", {}, words));
      return { i, image, words, made, real };
    });
    // Real samples stand behind all generated ones, once for each set of data.
    const data = seen.map(([run]) => dataOfRun(run));
    const reals = timeline.frames.map((frame, k) => (data.indexOf(data[k]) === k ? frame.real : null));
    timeline.place.replaceChildren(...timeline.frames.map((frame) => frame.made), ...reals.filter(Boolean));
  }
  timeline.names = several ? labels : labels.map(() => "generated");
  timeline.slider.max = Math.max(0, timeline.steps.length - 1);
  fillStrip(report.runs.find((run) => run.pictures.length));
  fillBetween(report.runs, labels);
  const at = wasAtEnd ? timeline.steps.length - 1 : timeline.steps.findIndex((step) => step >= wanted);
  showStep(Math.max(0, at));
}

function dataOfRun(run) {
  const setting = run.config.find(([key]) => key === "data.name");
  return setting ? setting[1] : "";
}

// Small pictures of the first run, to jump to.
function fillStrip(run) {
  if (!run || timeline.strip.children.length === run.pictures.length) return;
  const old = new Map([...timeline.strip.children].map((button) => [button.dataset.step, button]));
  timeline.strip.replaceChildren(
    ...run.pictures.map((picture) => {
      const step = String(picture.step);
      if (old.has(step)) return old.get(step);
      const jump = () => showStep(timeline.steps.indexOf(picture.step));
      const image = el("img", { src: picture.src, alt: "", loading: "lazy" });
      const button = el("button", { type: "button", onclick: jump, title: "step " + step }, image, el("span", {}, grouped(picture.step)));
      button.dataset.step = step;
      return button;
    }),
  );
}

// What lies between samples, once for each run that has a picture of it.
function fillBetween(runs, labels) {
  const words = "from one sample to the next, on a straight line in z: a row each, the last to the first";
  const figures = runs.map((run, i) => {
    if (!run.interpolation) return null;
    const name = runs.length > 1 ? labels[i] + ", " : "";
    const image = el("img", { src: run.interpolation, alt: "samples between samples", class: "generated" });
    return el("figure", {}, image, el("figcaption", {}, name + words));
  });
  timeline.between.replaceChildren(...figures.filter(Boolean));
}

function showStep(at) {
  if (!timeline.steps.length) return;
  timeline.at = at;
  const step = timeline.steps[at];
  timeline.slider.value = at;
  const first = timeline.report.runs[timeline.frames.length ? timeline.frames[0].i : 0];
  const minutes = placeOf(first, step, "minutes");
  timeline.label.textContent = "step " + grouped(step) + (isNumber(minutes) ? " · " + duration(60 * minutes) : "");
  for (const frame of timeline.frames) {
    const picture = pictureAt(timeline.report.runs[frame.i], step);
    if (!picture) continue;
    if (frame.image.getAttribute("src") !== picture.src) frame.image.src = picture.src;
    frame.words.textContent = timeline.names[frame.i] + ", step " + grouped(picture.step);
  }
  for (const button of timeline.strip.children) {
    button.classList.toggle("shown", button.dataset.step === String(step));
  }
  const shown = timeline.strip.querySelector(".shown");
  if (shown) timeline.strip.scrollLeft = shown.offsetLeft - timeline.strip.clientWidth / 2;
}

function togglePlay() {
  if (timeline.playing) {
    clearInterval(timeline.playing);
    timeline.playing = null;
  } else {
    if (timeline.at === timeline.steps.length - 1) showStep(0);
    timeline.playing = setInterval(() => {
      if (timeline.at + 1 < timeline.steps.length) showStep(timeline.at + 1);
      else togglePlay();
    }, 350);
  }
  timeline.play.textContent = timeline.playing ? "❚❚" : "▶";
}
