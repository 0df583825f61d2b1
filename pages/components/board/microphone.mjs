/** The page's microphone as 16 kHz mono samples, as the browser hears it: nothing cancelled, suppressed or levelled. */

const RATE_HZ = 16_000;
const BLOCK_LEN = 512;
const TAP = `registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input]) { if (input[0]) this.port.postMessage(input[0].slice()); return true; }
});`;
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

/** @param {Error} error @returns {string} what a person can do */
export function advice(error) {
  const said = {
    NotAllowedError: 'The browser refused the microphone. Allow it beside the address, then start again.',
    NotFoundError: 'There is no microphone here. Plug one in, or take a sound.',
    NotReadableError: 'Another program holds the microphone. Close it, then start again.',
  };
  return said[error.name] ?? `The microphone could not be opened: ${error.message}`;
}

export class Microphone {
  /** @param {(samples: Int16Array) => void} onSamples @param {() => void} onEnded it was unplugged */
  static async open(onSamples, onEnded) {
    if (!navigator.mediaDevices) throw new Error('browsers give it to https and localhost alone.');
    const stream = await navigator.mediaDevices.getUserMedia({ audio: RAW });
    const made = new Microphone();
    made.stream = stream;
    made.context = new AudioContext({ sampleRate: RATE_HZ });
    const url = URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' }));
    await made.context.audioWorklet.addModule(url);
    URL.revokeObjectURL(url);
    const tap = new AudioWorkletNode(made.context, 'tap', { numberOfOutputs: 0 });
    let block = new Int16Array(BLOCK_LEN);
    let filled = 0;
    tap.port.onmessage = ({ data }) => {
      for (const value of data) {
        block[filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
        if (filled < BLOCK_LEN) continue;
        onSamples(block);
        block = new Int16Array(BLOCK_LEN);
        filled = 0;
      }
    };
    made.context.createMediaStreamSource(stream).connect(tap);
    stream.getAudioTracks()[0].onended = onEnded;
    return made;
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.context.close();
  }
}
