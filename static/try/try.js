// Talking to the assistant: the browser in the place of Twilio, with Twilio's own messages (Media Streams).
// `#try` says how it stands: data-state, data-heard-bytes, data-sent-frames, data-marks-returned, data-clears.

const root = document.getElementById("try");
const form = root.querySelector("form");
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const [begin, end] = [form.elements.begin, form.elements.end];

let line = null; // the running call

function show(state) {
  root.dataset.state = state;
  for (const each of root.querySelectorAll("[data-when-state]")) each.hidden = each.dataset.whenState !== state;
  const isOver = state === "idle" || state === "ended";
  begin.hidden = !isOver;
  end.hidden = isOver;
  part("meters").hidden = isOver;
  if (isOver && document.activeElement === end) begin.focus();
}

function complain(kind, words) {
  const note = root.querySelector(`[data-error="${kind}"]`);
  if (words) note.textContent = words;
  note.hidden = false;
}

class Trouble extends Error {
  constructor(kind, words) {
    super(kind);
    this.kind = kind;
    this.words = words;
  }
}

async function openMicrophone() {
  if (!window.isSecureContext) throw new Trouble("insecure");
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode || !window.WebSocket) {
    throw new Trouble("browser");
  }
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio: wanted }).catch(() => {
    throw new Trouble("microphone");
  });
}

async function takeIn() {
  const answer = await fetch(root.dataset.start, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (answer?.status === 409) throw new Trouble("refused", (await answer.json()).error);
  if (!answer?.ok) throw new Trouble("server");
  return answer.json();
}

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

class Line {
  constructor(microphone) {
    this.microphone = microphone;
    this.audio = new AudioContext({ latencyHint: "interactive" });
    this.streamSid = `MZ${crypto.randomUUID().replaceAll("-", "")}`;
    this.frames = this.sequence = 0;
    this.wasOpen = false;
  }

  async connect(call) {
    this.call = call;
    await this.audio.resume();
    await this.audio.audioWorklet.addModule(root.dataset.worklet);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}${root.dataset.media}`);
    this.socket.onopen = () => this.opened();
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    this.socket.onclose = () => this.over();
  }

  send(event, content) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.sequence += 1;
    this.socket.send(
      JSON.stringify({ event, sequenceNumber: String(this.sequence), streamSid: this.streamSid, ...content }),
    );
  }

  opened() {
    this.wasOpen = true;
    this.socket.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
    this.send("start", {
      start: {
        streamSid: this.streamSid,
        callSid: this.call.callSid,
        tracks: ["inbound"],
        customParameters: this.call.parameters,
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      },
    });
    this.speaker = new AudioWorkletNode(this.audio, "speaker", { numberOfInputs: 0 });
    this.speaker.port.onmessage = ({ data }) => this.played(data);
    this.speaker.connect(this.audio.destination);
    const ear = new AudioWorkletNode(this.audio, "microphone", { channelCount: 1, channelCountMode: "explicit" });
    ear.port.onmessage = ({ data }) => this.spoke(data);
    this.audio.createMediaStreamSource(this.microphone).connect(ear).connect(this.audio.destination);
    this.startedAt = Date.now();
    this.clock = setInterval(() => this.tick(), 1000);
    show("talking");
  }

  spoke({ audio, level }) {
    const timestamp = String(this.frames * 20);
    this.frames += 1;
    this.send("media", { media: { track: "inbound", chunk: String(this.frames), timestamp, payload: toBase64(audio) } });
    root.dataset.sentFrames = this.frames;
    part("microphone").value = Math.min(1, level * 4);
  }

  take(message) {
    if (message.event === "media") this.speaker.port.postMessage({ audio: fromBase64(message.media.payload) });
    if (message.event === "mark") this.speaker.port.postMessage({ mark: message.mark.name });
    if (message.event === "clear") {
      this.speaker.port.postMessage({ clear: true });
      root.dataset.clears = Number(root.dataset.clears) + 1;
    }
  }

  played({ mark, heard, level }) {
    if (mark !== undefined) {
      this.send("mark", { mark: { name: mark } });
      root.dataset.marksReturned = Number(root.dataset.marksReturned) + 1;
      return;
    }
    root.dataset.heardBytes = heard;
    part("speaker").value = Math.min(1, level * 4);
  }

  tick() {
    const seconds = Math.floor((Date.now() - this.startedAt) / 1000);
    part("timer").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    this.readTurns();
  }

  async readTurns() {
    const answer = await fetch(this.call.turns).catch(() => null);
    if (answer?.ok) part("transcript").innerHTML = await answer.text();
  }

  hangUp() {
    this.send("stop", { stop: { callSid: this.call.callSid } });
    this.socket.close(1000);
  }

  over() {
    if (!this.wasOpen) complain("line");
    this.release();
    part("page").href = this.call.page;
    show(this.wasOpen ? "ended" : "idle");
    if (this.wasOpen) this.readTurns();
    line = null;
  }

  release() {
    clearInterval(this.clock);
    for (const track of this.microphone.getTracks()) track.stop();
    if (this.audio.state !== "closed") this.audio.close();
  }
}

async function call() {
  for (const note of root.querySelectorAll("[data-error]")) note.hidden = true;
  Object.assign(root.dataset, { heardBytes: 0, sentFrames: 0, marksReturned: 0, clears: 0 });
  show("connecting");
  try {
    line = new Line(await openMicrophone());
    await line.connect(await takeIn());
  } catch (error) {
    line?.release();
    line = null;
    show("idle");
    complain(error instanceof Trouble ? error.kind : "browser", error.words);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (line === null) call();
});
end.addEventListener("click", () => line?.hangUp());
window.addEventListener("pagehide", () => line?.hangUp());
form.hidden = false;
