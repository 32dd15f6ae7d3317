// Dense associative memory in the page: the energy -sum F(h) of a state and the update of one neuron, eq. (4).
// States and memories are Int8Array of -1 and +1; memories lie one after the other.
const DenseMemory = (() => {
  // F relative to a scale, so that exp does not overflow; a common factor changes no sign.
  const interaction = (n) =>
    n === "exp" ? (h, scale) => Math.exp(h - scale) : (h, scale) => Math.pow(h / scale, n);

  class DenseMemory {
    constructor(memories, K, N, n) {
      Object.assign(this, { memories, K, N, n, F: interaction(n) });
      this.exact = n !== "exp" && K * Math.pow(N, n) < Number.MAX_SAFE_INTEGER;  // sums of whole numbers, no rounding
      this.h = new Int32Array(K);
      this.sigma = new Int8Array(N);
    }

    // Take a state; the overlaps with all memories are counted anew.
    start(sigma) {
      const { K, N, memories, h } = this;
      this.sigma = Int8Array.from(sigma);
      for (let mu = 0; mu < K; mu++) {
        let sum = 0;
        for (let i = 0, at = mu * N; i < N; i++) sum += memories[at + i] * sigma[i];
        h[mu] = sum;
      }
    }

    // What overlaps are measured against: the largest one for exp, 1 or N for powers.
    scale() {
      if (this.n !== "exp") return this.exact ? 1 : this.N;
      let largest = -Infinity;
      for (const h of this.h) largest = Math.max(largest, h);
      return largest;
    }

    // The energy of the state with neuron i at -1, less that at +1, up to a positive factor; zero within its rounding.
    difference(i) {
      const { K, N, memories, h, F, exact } = this, own = this.sigma[i], scale = this.scale();
      let sum = 0, size = 0;
      for (let mu = 0; mu < K; mu++) {
        const xi = memories[mu * N + i], rest = h[mu] - xi * own, up = F(rest + xi, scale), down = F(rest - xi, scale);
        sum += up - down;
        size += Math.abs(up) + Math.abs(down);
      }
      return !exact && Math.abs(sum) <= 4 * Number.EPSILON * size ? 0 : sum;
    }

    // Update neuron i; returns whether it flipped.
    update(i) {
      const wanted = Math.sign(this.difference(i));
      if (wanted === 0 || wanted === this.sigma[i]) return false;
      this.sigma[i] = wanted;
      for (let mu = 0; mu < this.K; mu++) this.h[mu] += 2 * wanted * this.memories[mu * this.N + i];
      return true;
    }

    // The energy in units of that of one memory, N^n; for exp on a logarithmic scale, -ln(-E) / N.
    energy() {
      const scale = this.scale();
      let sum = 0;
      for (const h of this.h) sum += this.F(h, scale);
      if (this.n === "exp") return -(Math.log(sum) + scale) / this.N;
      return this.exact ? -sum / Math.pow(this.N, this.n) : -sum;
    }
  }

  // Unpack bits, eight neurons a byte, the first in the highest bit: 1 is +1.
  DenseMemory.unpack = (text, N) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return Int8Array.from({ length: Math.floor((8 * bytes.length) / N) * N }, (_, at) =>
      (bytes[at >> 3] >> (7 - (at & 7))) & 1 ? 1 : -1);
  };
  return DenseMemory;
})();
