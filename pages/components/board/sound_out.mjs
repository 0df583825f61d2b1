/** The sound that the virtual board hears, played softly and in step with its clock. */

const RATE_HZ = 16_000;
const GAIN = 0.2;
const MOST_APART_S = 0.25;

export class SoundOut {
  /** @param {Int16Array} samples */
  constructor(samples) {
    this.context = new AudioContext();
    this.buffer = this.context.createBuffer(1, Math.max(1, samples.length), RATE_HZ);
    this.buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
    this.gain = new GainNode(this.context, { gain: GAIN });
    this.gain.connect(this.context.destination);
    this.source = null;
    this.began_s = 0;
  }

  /** The board is at this place of the sound; played from there where the two are apart. @param {number} sound_s */
  follow(sound_s) {
    if (this.source && Math.abs(this.context.currentTime - this.began_s - sound_s) < MOST_APART_S) return;
    this.pause();
    if (sound_s >= this.buffer.duration) return;
    this.source = new AudioBufferSourceNode(this.context, { buffer: this.buffer });
    this.source.connect(this.gain);
    this.source.start(0, sound_s);
    this.began_s = this.context.currentTime - sound_s;
  }

  pause() {
    this.source?.stop();
    this.source = null;
  }

  close() {
    this.pause();
    this.context.close();
  }
}
