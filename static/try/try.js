// The page for talking to the assistant.
// `#try` shows the state: data-state, data-heard-bytes, data-sent-frames, data-marks-returned, data-clears.

import { Line, Trouble } from "./line.js";

const LAST_WORDS_MS = 1_000; // the server saves the transcript once a second
const DOUBLE_CLICK_MS = 600;
const root = document.getElementById("try");
const form = root.querySelector("form");
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const [begin, end] = [form.elements.begin, form.elements.end];

let line = null; // the call that begins or runs
let lost = ""; // the id of a call whose connection broke: the server may not have noticed yet
let begunAt = 0;
let clock = 0;

function show(state) {
  const hadFocus = document.activeElement === begin || document.activeElement === end;
  root.dataset.state = state;
  for (const each of root.querySelectorAll("[data-when-state]")) each.hidden = each.dataset.whenState !== state;
  const isOver = state === "idle" || state === "ended";
  begin.hidden = !isOver;
  end.hidden = isOver;
  part("meters").hidden = state !== "talking";
  if (hadFocus) (isOver ? begin : end).focus();
}

function say(kind, words) {
  const note = root.querySelector(`[data-note="${kind}"]`);
  if (words) note.textContent = words;
  note.hidden = false;
}

function unsay(...kinds) {
  for (const note of root.querySelectorAll("[data-note]")) {
    if (kinds.length === 0 || kinds.includes(note.dataset.note)) note.hidden = true;
  }
}

async function takeIn(signal) {
  const body = new FormData(form);
  body.append("lost", lost);
  const answer = await fetch(root.dataset.start, { method: "POST", body, signal }).catch(() => null);
  if (answer?.redirected) throw new Trouble("signed-out");
  if (answer?.status === 409) throw new Trouble("refused", (await answer.json()).error);
  if (!answer?.ok) throw new Trouble("server");
  lost = "";
  return answer.json();
}

async function readTurns(call) {
  if (document.hidden) return;
  const answer = await fetch(call.turns).catch(() => null);
  if (answer?.ok && !answer.redirected) part("transcript").innerHTML = await answer.text();
}

function tick(call) {
  const seconds = Math.floor((Date.now() - begunAt) / 1000);
  part("timer").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  readTurns(call);
}

function talking(call) {
  begunAt = Date.now();
  clock = setInterval(() => tick(call), 1000);
  part("page").href = call.page;
  show("talking");
}

function over(ended, why) {
  clearInterval(clock);
  const wasTalking = root.dataset.state === "talking";
  unsay("paused", "muted");
  for (const each of root.querySelectorAll("[data-ended]")) each.hidden = each.dataset.ended !== why;
  show(wasTalking ? "ended" : "idle");
  if (why !== "here" && why !== "there") say(why);
  if (why === "lost") lost = ended.call?.callSid ?? "";
  if (wasTalking) setTimeout(() => line === null && readTurns(ended.call), LAST_WORDS_MS);
  line = null;
}

function told(mine, what, value) {
  if (mine !== line) return;
  if (what === "talking") talking(value);
  if (what === "heard") root.dataset.heardBytes = value;
  if (what === "sent") root.dataset.sentFrames = value;
  if (what === "marks") root.dataset.marksReturned = value;
  if (what === "clears") root.dataset.clears = value;
  if (what === "microphone" || what === "speaker") part(what).value = Math.min(1, value * 4);
  if (what === "sound") (value ? unsay : say)("paused");
  if (what === "voice") (value ? unsay : say)("muted");
  if (what === "over") over(mine, value);
}

async function call() {
  unsay();
  Object.assign(root.dataset, { heardBytes: 0, sentFrames: 0, marksReturned: 0, clears: 0 });
  part("timer").textContent = "0:00";
  begunAt = Date.now();
  const mine = new Line({
    media: root.dataset.media,
    worklet: root.dataset.worklet,
    takeIn,
    tell: (what, value) => told(mine, what, value),
  });
  line = mine;
  show("connecting");
  try {
    await mine.begin();
  } catch (error) {
    if (!(error instanceof Trouble)) console.warn(error);
    if (error.words) root.querySelector('[data-note="refused"]').textContent = error.words;
    if (mine.isOver) mine.stop();
    else mine.end(error instanceof Trouble ? error.kind : "browser");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (line === null) call();
});
end.addEventListener("click", () => {
  // Both buttons are at the same place: the second click of a double click must not hang up.
  if (root.dataset.state !== "connecting" || Date.now() - begunAt > DOUBLE_CLICK_MS) line?.end("here");
});
window.addEventListener("pagehide", () => line?.end("here"));
for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, () => line?.wake());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) line?.wake();
});
form.hidden = false;
