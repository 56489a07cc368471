// The owner's own recording: whatever the browser can play, or its microphone, becomes a WAV file in the form.

const RATE = 24_000;
const LONGEST_MS = 180_000;
const form = document.querySelector("[data-own-greeting]");
const file = form?.querySelector("input[type=file]");
const { record, stop } = form?.elements ?? {};

const say = (what) => {
  for (const part of form.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== what;
};

// One channel of 16 bits. The loudness stays as it is: the server judges it.
const wavOf = (sound) => {
  const samples = sound.getChannelData(0);
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((value, i) => view.setInt16(44 + i * 2, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new File([view], "greeting.wav", { type: "audio/wav" });
};

// Decoding resamples to the context's rate; rendering mixes to one channel.
const convert = async (blob) => {
  const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
  const context = new OfflineAudioContext(1, decoded.length, RATE);
  const source = new AudioBufferSourceNode(context, { buffer: decoded });
  source.connect(context.destination);
  source.start();
  return wavOf(await context.startRendering());
};

const take = async (blob) => {
  try {
    const held = new DataTransfer();
    held.items.add(await convert(blob));
    file.files = held.files;
    say("ready");
  } catch {
    file.value = "";
    say("undecodable");
  }
};

const begin = async () => {
  let stream;
  try {
    // Not for a conversation: the voice as it is, without what a telephone call needs.
    stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: true } });
  } catch {
    say("denied");
    return;
  }
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
  recorder.addEventListener("stop", () => {
    clearTimeout(timer);
    for (const track of stream.getTracks()) track.stop();
    record.hidden = false;
    stop.hidden = true;
    take(new Blob(pieces, { type: recorder.mimeType }));
  });
  const timer = setTimeout(() => recorder.stop(), LONGEST_MS);
  stop.onclick = () => recorder.state === "recording" && recorder.stop();
  recorder.start();
  record.hidden = true;
  stop.hidden = false;
  say("recording");
};

if (form && window.OfflineAudioContext) {
  file.addEventListener("change", () => file.files.length && take(file.files[0]));
  if (navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
    record.hidden = false;
    record.addEventListener("click", begin);
  }
}
