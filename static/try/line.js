// One call from the browser. It takes Twilio's place and speaks the protocol of Twilio Media Streams.

const WAIT_MS = 8_000; // for the socket, for the server's answer; the server waits 10 s for a `start`
const SOUND_WAIT_MS = 3_000;
const STALLED_BYTES = 64 * 1024; // of unsent messages, three seconds of speech: the connection has stalled

// What went wrong: the name of a message on the page, or the server's own `words`.
export class Trouble extends Error {
  constructor(kind, words = "") {
    super(kind);
    this.kind = kind;
    this.words = words;
  }
}

const MICROPHONE_TROUBLES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

async function openMicrophone() {
  if (!window.isSecureContext) throw new Trouble("insecure");
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode || !window.WebSocket) {
    throw new Trouble("browser");
  }
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio: wanted }).catch((error) => {
    throw new Trouble(MICROPHONE_TROUBLES[error.name] ?? "busy");
  });
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

// `takeIn` asks the server for the call's ids and key. `tell` is called with events, as [what, value]:
// talking; heard, sent, marks, clears: counts; microphone, speaker: levels; sound, voice: whether they flow; over: why.
export class Line {
  constructor({ media, worklet, takeIn, tell }) {
    Object.assign(this, { media, worklet, takeIn, tell });
    this.isOver = this.isTakingIn = false;
    this.frames = this.sequence = this.marks = this.clears = 0;
  }

  // Each step may take long, and the person may have hung up meanwhile.
  async begin() {
    this.microphone = await openMicrophone();
    if (this.isOver) return this.release();
    await this.openSound();
    if (!this.isOver) await this.openSocket();
    if (this.isOver) return undefined;
    this.isTakingIn = true;
    this.call = await this.takeIn(AbortSignal.timeout(WAIT_MS)).finally(() => (this.isTakingIn = false));
    this.start();
    return this.isOver ? this.stop() : this.talk();
  }

  // The context is created after the microphone: Safari lets a page that records play without another click, and
  // the device's rate may change when recording begins. It keeps the device's rate: Firefox can't connect others.
  async openSound() {
    this.audio = new AudioContext({ latencyHint: "interactive" });
    // A context that waits for a click never resolves: the call begins anyway, and the page says so.
    await Promise.race([this.audio.resume(), pause(SOUND_WAIT_MS)]);
    await this.audio.audioWorklet.addModule(this.worklet);
  }

  openSocket() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}${this.media}`);
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    const opened = new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onclose = () => reject(new Trouble("line"));
    });
    const late = pause(WAIT_MS).then(() => {
      if (this.socket.readyState === WebSocket.CONNECTING) throw new Trouble("line");
    });
    return Promise.race([opened, late.then(() => opened)]);
  }

  start() {
    this.socket.onclose = ({ code }) => this.closed(code);
    if (this.socket.readyState !== WebSocket.OPEN) throw new Trouble("line");
    this.socket.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
    this.streamSid = `MZ${crypto.randomUUID().replaceAll("-", "")}`;
    this.send("start", {
      start: {
        streamSid: this.streamSid,
        callSid: this.call.callSid,
        tracks: ["inbound"],
        customParameters: this.call.parameters,
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      },
    });
  }

  talk() {
    this.speaker = new AudioWorkletNode(this.audio, "speaker", { numberOfInputs: 0 });
    this.speaker.port.onmessage = ({ data }) => this.played(data);
    this.speaker.connect(this.audio.destination);
    const ear = new AudioWorkletNode(this.audio, "microphone", { channelCount: 1, channelCountMode: "explicit" });
    ear.port.onmessage = ({ data }) => this.spoke(data);
    this.audio.createMediaStreamSource(this.microphone).connect(ear).connect(this.audio.destination);
    this.watch();
    this.tell("talking", this.call);
  }

  // The system may pause the sound (a phone call, a background tab on a phone) or take the microphone away.
  watch() {
    const flows = () => this.isOver || this.tell("sound", this.audio.state === "running");
    this.audio.onstatechange = flows;
    flows();
    const [track] = this.microphone.getAudioTracks();
    track.onmute = () => this.tell("voice", false);
    track.onunmute = () => this.tell("voice", true);
    track.onended = () => this.end("unplugged");
    if (track.readyState === "ended") this.end("unplugged");
    else this.tell("voice", !track.muted);
  }

  // Go on after a pause; browsers require a click for that, or do it when the tab is visible again.
  wake() {
    if (this.audio && this.audio.state !== "running" && !this.isOver) this.audio.resume().catch(() => {});
  }

  send(event, content) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.sequence += 1;
    const message = { event, sequenceNumber: String(this.sequence), streamSid: this.streamSid, ...content };
    this.socket.send(JSON.stringify(message));
  }

  spoke({ audio, level }) {
    if (this.isOver) return;
    if (this.socket.bufferedAmount > STALLED_BYTES) return void this.end("lost");
    const timestamp = String(this.frames * 20);
    this.frames += 1;
    this.send("media", { media: { track: "inbound", chunk: String(this.frames), timestamp, payload: toBase64(audio) } });
    this.tell("sent", this.frames);
    this.tell("microphone", level);
  }

  take(message) {
    if (this.isOver || !this.speaker) return;
    if (message.event === "media") this.speaker.port.postMessage({ audio: fromBase64(message.media.payload) });
    if (message.event === "mark") this.speaker.port.postMessage({ mark: message.mark.name });
    if (message.event === "clear") {
      this.speaker.port.postMessage({ clear: true });
      this.tell("clears", (this.clears += 1));
    }
  }

  played({ mark, heard, level }) {
    if (this.isOver) return;
    if (mark !== undefined) {
      this.send("mark", { mark: { name: mark } });
      this.tell("marks", (this.marks += 1));
      return;
    }
    this.tell("heard", heard);
    this.tell("speaker", level);
  }

  // 1000: the other side hung up. 44xx: the server refused the stream. Anything else: the connection was lost.
  closed(code) {
    this.end({ 1000: "there", 4403: "expired" }[code] ?? "lost");
  }

  // Ends the call. `why`: "here", "there", or the name of a problem.
  end(why) {
    if (this.isOver) return;
    this.isOver = true;
    this.release();
    if (!this.isTakingIn) this.stop(); // else `begin` stops it: an accepted call must be ended, too
    this.tell("over", why);
  }

  stop() {
    if (this.socket?.readyState === WebSocket.OPEN && this.call) this.send("stop", { stop: { callSid: this.call.callSid } });
    if (this.socket) this.socket.onclose = null;
    this.socket?.close(1000);
  }

  release() {
    for (const track of this.microphone?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    if (this.audio && this.audio.state !== "closed") this.audio.close();
  }
}
