// The telephone as two audio worklets: microphone to µ-law at 8 kHz, and µ-law at 8 kHz to the loudspeaker.
"use strict";

const TELEPHONE_RATE = 8000;
const FRAME = 160; // 20 ms
const HALF_TAPS = 12;
const BIAS = 0x84;

// G.711: the same arithmetic as calls/conversation/ulaw.py.
const DECODED = Float32Array.from({ length: 256 }, (_, code) => {
  const inverted = ~code & 0xff;
  const magnitude = ((((inverted & 0x0f) << 3) + BIAS) << ((inverted >> 4) & 7)) - BIAS;
  return (inverted & 0x80 ? -magnitude : magnitude) / 32768;
});

function encode(sample) {
  const linear = Math.max(-1, Math.min(1, sample)) * 32767;
  const biased = Math.min(Math.trunc(Math.abs(linear)), 32635) + BIAS;
  const exponent = 31 - Math.clz32(biased) - 7;
  return ~((linear < 0 ? 0x80 : 0) | (exponent << 4) | ((biased >> (exponent + 3)) & 0x0f)) & 0xff;
}

// Band-limited interpolation (a windowed sinc) from one rate to another, sample by sample.
class Resampler {
  constructor(from, to) {
    this.step = from / to;
    this.cutoff = Math.min(1, to / from) * 0.92;
    this.reach = Math.ceil(HALF_TAPS / this.cutoff);
    this.history = new Float32Array(2 * this.reach);
    this.position = 0; // of the next output between the two middle samples of the history
  }

  // `next` returns the next input sample, or undefined if there is none; this does likewise.
  read(next) {
    while (this.position >= 1) {
      const sample = next();
      if (sample === undefined) return undefined;
      this.history.copyWithin(0, 1);
      this.history[this.history.length - 1] = sample;
      this.position -= 1;
    }
    let sum = 0;
    for (let i = 0; i < this.history.length; i += 1) {
      const distance = i - (this.reach - 1) - this.position;
      const x = Math.PI * distance * this.cutoff;
      const sinc = Math.abs(x) < 1e-6 ? 1 : Math.sin(x) / x;
      const span = distance / this.reach;
      sum += this.history[i] * sinc * (Math.abs(span) < 1 ? 0.5 + 0.5 * Math.cos(Math.PI * span) : 0);
    }
    this.position += this.step;
    return sum * this.cutoff;
  }
}

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, TELEPHONE_RATE);
    this.frame = new Uint8Array(FRAME);
    this.filled = 0;
    this.energy = 0;
  }

  process(inputs) {
    const input = inputs[0][0] ?? new Float32Array(128); // no input: silence, which telephones send too
    let read = 0;
    const next = () => input[read++];
    for (let sample = this.resampler.read(next); sample !== undefined; sample = this.resampler.read(next)) {
      this.frame[this.filled++] = encode(sample);
      this.energy += sample * sample;
      if (this.filled === FRAME) {
        this.port.postMessage({ audio: this.frame.slice(), level: Math.sqrt(this.energy / FRAME) });
        this.filled = this.energy = 0;
      }
    }
    return true;
  }
}

// Plays queued audio piece by piece, as Twilio does: a mark comes back when everything before it has played,
// and a clear empties the queue and sends all marks back.
class Speaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(TELEPHONE_RATE, sampleRate);
    this.queue = [];
    this.offset = 0;
    this.heard = 0;
    this.energy = this.counted = 0;
    this.port.onmessage = ({ data }) => (data.clear ? this.clear() : this.queue.push(data));
  }

  clear() {
    for (const piece of this.queue) if (piece.mark !== undefined) this.port.postMessage({ mark: piece.mark });
    this.queue = [];
    this.offset = 0;
  }

  next() {
    while (this.queue.length) {
      const piece = this.queue[0];
      if (piece.mark === undefined && this.offset < piece.audio.length) {
        this.heard += 1;
        return DECODED[piece.audio[this.offset++]];
      }
      if (piece.mark !== undefined) this.port.postMessage({ mark: piece.mark });
      this.queue.shift();
      this.offset = 0;
    }
    return 0;
  }

  process(_inputs, outputs) {
    const output = outputs[0];
    const next = () => this.next();
    for (let i = 0; i < output[0].length; i += 1) {
      const sample = this.resampler.read(next);
      for (const channel of output) channel[i] = sample;
      this.energy += sample * sample;
    }
    this.counted += output[0].length;
    if (this.counted >= sampleRate / 20) {
      this.port.postMessage({ heard: this.heard, level: Math.sqrt(this.energy / this.counted) });
      this.energy = this.counted = 0;
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("speaker", Speaker);
