// The owner's own recordings: whatever the browser can play, or its microphone, becomes a WAV file in the text's form.

const RATE = 24_000;
const LONGEST_MS = 180_000;
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

const follow = (form) => {
  const file = form.querySelector("input[type=file]");
  const { record, stop } = form.elements;
  const say = (what) => {
    for (const part of form.querySelectorAll("[data-step]")) part.hidden = part.dataset.step !== what;
  };

  // What is heard before it is uploaded is what would be uploaded.
  const preview = form.querySelector("[data-preview]");
  const offer = (sound) => {
    URL.revokeObjectURL(preview.src);
    preview.src = URL.createObjectURL(sound);
  };

  // The loudest sample of each moment, while it is being recorded.
  const showLevel = (stream, isOn) => {
    const meter = form.querySelector("[data-level]");
    const time = form.querySelector("[data-time]");
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const began = performance.now();
    const draw = () => {
      if (!isOn()) {
        context.close();
        return;
      }
      analyser.getFloatTimeDomainData(samples);
      meter.value = Math.sqrt(samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
      time.textContent = `${((performance.now() - began) / 1000).toFixed(1)} s`;
      requestAnimationFrame(draw);
    };
    draw();
  };

  const take = async (blob) => {
    try {
      const held = new DataTransfer();
      const sound = await convert(blob);
      held.items.add(sound);
      file.files = held.files;
      offer(sound);
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
      record.textContent = record.dataset.again;
      stop.hidden = true;
      take(new Blob(pieces, { type: recorder.mimeType }));
    });
    const timer = setTimeout(() => recorder.stop(), LONGEST_MS);
    stop.onclick = () => recorder.state === "recording" && recorder.stop();
    recorder.start();
    preview.pause();
    showLevel(stream, () => recorder.state === "recording");
    record.hidden = true;
    stop.hidden = false;
    say("recording");
  };

  file.addEventListener("change", () => file.files.length && take(file.files[0]));
  if (navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
    record.hidden = false;
    record.addEventListener("click", begin);
  }
};

if (window.OfflineAudioContext) {
  for (const form of document.querySelectorAll("[data-own-greeting]")) follow(form);
}
