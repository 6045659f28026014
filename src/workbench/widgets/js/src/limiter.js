// Keeps the sum of many parts below full scale without distorting it.

const CEILING = 0.97; // −0.26 dBFS
const RECOVERY_S = 0.25; // back to full gain after a peak, 1 − 1/e of the way

/** A peak limiter that looks one block ahead, so its gain is down before the peak arrives. */
export class Limiter {
  constructor(block, sampleRate) {
    this.left = new Float32Array(block); // the block that is one behind
    this.right = new Float32Array(block);
    this.held = 1; // gain the delayed block needs
    this.gain = 1; // gain at the end of the last block given out
    this.recovery = 1 - Math.exp(-block / (RECOVERY_S * sampleRate));
  }

  /** Scale a block by `gain`, limit it, and give out the previous one in its place. */
  apply(left, right, gain) {
    let peak = 0;
    for (let i = 0; i < left.length; i++) {
      left[i] *= gain;
      right[i] *= gain;
      peak = Math.max(peak, Math.abs(left[i]), Math.abs(right[i]));
    }
    const needed = peak > CEILING ? CEILING / peak : 1;
    const recovered = this.gain + (1 - this.gain) * this.recovery;
    const target = Math.min(needed, this.held, recovered);
    const step = (target - this.gain) / left.length;
    for (let i = 0; i < left.length; i++) {
      // Down at once within the block that needs it (its start was seen a block ago), up slowly.
      const now = this.gain + step * (i + 1);
      const [aheadLeft, aheadRight] = [left[i], right[i]];
      left[i] = this.left[i] * now;
      right[i] = this.right[i] * now;
      this.left[i] = aheadLeft;
      this.right[i] = aheadRight;
    }
    this.gain = target;
    this.held = needed;
  }
}
