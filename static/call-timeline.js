// The playhead of a call's time line: it moves with the recording, and the recording goes where it is put.
// Without a recording or without scripts the time line is a picture, and the table below it says the same.
"use strict";

(() => {
  const player = () => document.querySelector("audio[data-recording]");
  const line = () => document.querySelector("[data-timeline]");
  const shown = (seconds) => {
    const whole = Math.floor(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };

  const seek = (seconds) => {
    const audio = player();
    const last = Number.isFinite(audio.duration) ? audio.duration : Number(line().dataset.whole);
    audio.currentTime = Math.min(Math.max(seconds, 0), last);
    show();
  };

  const show = () => {
    const audio = player();
    const box = line();
    if (!audio || !box) return;
    const { from, seconds } = box.dataset;
    const x = ((audio.currentTime - Number(from)) / Number(seconds)) * 1000;
    const head = box.querySelector(".playhead");
    head.toggleAttribute("hidden", x < 0 || x > 1000);
    head.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
    box.setAttribute("aria-valuenow", audio.currentTime.toFixed(1));
    box.setAttribute("aria-valuetext", shown(audio.currentTime));
    const now = audio.currentTime * 1000;
    for (const turn of document.querySelectorAll(".turn[data-start]")) {
      const { start, end } = turn.dataset;
      turn.classList.toggle("now", !audio.paused && now >= Number(start) && end !== "" && now < Number(end));
    }
  };

  // Made a slider only where there is something to slide.
  const prepare = () => {
    const box = line();
    if (!player() || !box || box.getAttribute("role") === "slider") return;
    box.setAttribute("role", "slider");
    box.setAttribute("aria-label", box.dataset.sliderLabel);
    box.setAttribute("aria-valuemin", "0");
    box.setAttribute("aria-valuemax", box.dataset.whole);
    show();
  };

  const follow = () => {
    show();
    if (player() && !player().paused) requestAnimationFrame(follow);
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-timeline][role=slider]");
    if (!box) return;
    const edges = box.querySelector("svg").getBoundingClientRect();
    const share = (event.clientX - edges.left) / edges.width;
    seek(Number(box.dataset.from) + share * Number(box.dataset.seconds));
  });

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-timeline][role=slider]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const audio = player();
    // Time runs from left to right in every language, and so do the arrows.
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    if (event.key in steps) seek(audio.currentTime + steps[event.key]);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(Number(event.target.dataset.whole));
    else if (event.key === " " || event.key === "Enter") audio.paused ? audio.play() : audio.pause();
    else return;
    event.preventDefault();
  });

  document.addEventListener("play", (event) => event.target === player() && follow(), true);
  for (const name of ["seeked", "pause", "timeupdate"]) {
    document.addEventListener(name, (event) => event.target === player() && show(), true);
  }
  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:afterSettle", prepare);
})();
