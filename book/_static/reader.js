// A trained network of memories that reads a digit, eq. (9): scores, and what each memory says.
class DigitReader {
  // codes: four-bit weights, K times 784 visible ones, then K times 10 label weights
  constructor({ n, T, K }, codes) {
    const weight = (code) => (code * 2) / 15 - 1, N = 784;
    Object.assign(this, { n, T, K, N });
    this.visible = Float32Array.from({ length: K * N }, (_, at) => weight(codes[at]));
    this.labels = Float32Array.from({ length: K * 10 }, (_, at) => weight(codes[K * N + at]));
    this.terms = new Float64Array(K * 10);
  }

  // What the digit v (784 numbers in [-1, 1]) is taken for: arguments of the tanh, scores, the class.
  read(v) {
    const { K, N, T, n, visible, labels, terms } = this, a = new Float64Array(10);
    const F = (x) => (x > 0 ? Math.pow(x / T, n) : 0);
    for (let mu = 0; mu < K; mu++) {
      let h = 0, all = 0;
      for (let i = 0, at = mu * N; i < N; i++) h += visible[at + i] * v[i];
      for (let c = 0; c < 10; c++) all += labels[mu * 10 + c];
      const down = F(h - all);
      for (let c = 0; c < 10; c++) a[c] += terms[mu * 10 + c] = F(h - all + 2 * labels[mu * 10 + c]) - down;
    }
    return { a, scores: a.map(Math.tanh), answer: DigitReader.largest(a) };
  }

  // The memories in the order of what they say for a class, the loudest first; and how many say half of all that is said.
  loudest(answer, count = 10) {
    const said = Array.from({ length: this.K }, (_, mu) => this.terms[mu * 10 + answer]);
    const order = said.map((_, mu) => mu).sort((first, second) => said[second] - said[first]);
    const all = said.reduce((sum, term) => sum + Math.max(term, 0), 0);
    let half = 0, sum = 0;
    while (half < this.K && sum < all / 2) sum += Math.max(said[order[half++]], 0);
    return { memories: order.slice(0, count).filter((mu) => said[mu] > 0), half, share: (mu) => said[mu] / (all || 1) };
  }

  // The answer if one memory were not there.
  without(mu, a) {
    return DigitReader.largest(a.map((argument, c) => argument - this.terms[mu * 10 + c]));
  }

  static largest(a) {
    return a.reduce((best, value, c) => (value > a[best] ? c : best), 0);
  }

  // A drawing, size times size numbers from 0 (paper) to 1 (ink), as MNIST has it: in 20 x 20 pixels, by its center of mass.
  static center(ink, size) {
    let left = size, right = -1, top = size, bottom = -1, mass = 0, x = 0, y = 0;
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < size; c++) {
        const m = ink[r * size + c];
        if (m <= 0) continue;
        left = Math.min(left, c), right = Math.max(right, c), top = Math.min(top, r), bottom = Math.max(bottom, r);
        mass += m, x += m * (c + 0.5), y += m * (r + 0.5);
      }
    }
    const extent = Math.max(right - left, bottom - top) + 1;
    if (mass === 0) return { problem: "Draw a digit." };
    if (extent < size / 10) return { problem: "This is too small to read: draw larger." };
    if (mass > (size * size) / 2) return { problem: "This is mostly ink: clear it and draw with thin lines." };
    const scale = 20 / extent, v = new Float64Array(784);
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < size; c++) {
        const m = ink[r * size + c];
        if (m <= 0) continue;
        // a pixel of the drawing is a square that may lie on several of the 28 x 28
        const u = 14 + (c - x / mass) * scale, w = 14 + (r - y / mass) * scale;
        for (let row = Math.floor(w); row < w + scale; row++) {
          for (let column = Math.floor(u); column < u + scale; column++) {
            if (row < 0 || column < 0 || row > 27 || column > 27) continue;
            const wide = Math.min(u + scale, column + 1) - Math.max(u, column);
            const high = Math.min(w + scale, row + 1) - Math.max(w, row);
            v[row * 28 + column] += m * wide * high;
          }
        }
      }
    }
    return { v: v.map((value) => 2 * Math.min(value, 1) - 1) };
  }

  // Base64 of compressed bytes as an array; four bits each if asked for.
  static async unpack(text, nibbles = false) {
    if (typeof DecompressionStream === "undefined") throw new Error("this browser cannot unpack the networks");
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    if (!nibbles) return bytes;
    return Uint8Array.from({ length: 2 * bytes.length }, (_, at) => (at % 2 ? bytes[at >> 1] & 15 : bytes[at >> 1] >> 4));
  }
}
