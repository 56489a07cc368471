// Beside the try page: every message of its WebSocket but the caller's audio, and when its loudspeaker made a sound,
// all in the time of the page's audio.
window.spy = { log: [], loud: [], context: null };

function note(way, text) {
  const { event, mark } = JSON.parse(text);
  if (way === "in" || event !== "media") window.spy.log.push([way, event, mark?.name ?? "", window.spy.context?.currentTime ?? 0]);
}

const send = WebSocket.prototype.send;
WebSocket.prototype.send = function spied(text) {
  if (!this.isSpied) this.addEventListener("message", ({ data }) => note("in", data));
  this.isSpied = true;
  note("out", text);
  return send.call(this, text);
};

const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function spied(target, ...more) {
  if (this instanceof AudioWorkletNode && this.numberOfInputs === 0) {
    window.spy.context = this.context;
    const tap = this.context.createScriptProcessor(256, 1, 1);
    tap.onaudioprocess = ({ inputBuffer, playbackTime }) => {
      if (inputBuffer.getChannelData(0).some((sample) => Math.abs(sample) > 0.001)) window.spy.loud.push(playbackTime);
    };
    connect.call(this, tap);
    connect.call(tap, this.context.destination);
  }
  return connect.call(this, target, ...more);
};
