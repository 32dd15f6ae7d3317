// The crowd of bars: what each stored memory contributes to the energy of a cue, F(h) of its overlap h, and what of it.
class Crowd {
  // stored: Int8Array of -1 and +1, K memories of N neurons one after the other; cue: a damaged copy of memory `chosen`
  constructor(stored, cue, chosen) {
    const N = cue.length, K = stored.length / N;
    Object.assign(this, { K, N, chosen, cue, own: stored.slice(chosen * N, (chosen + 1) * N) });
    this.columns = new Int8Array(K * N);  // neuron by neuron, as an update reads them
    for (let mu = 0; mu < K; mu++) for (let i = 0; i < N; i++) this.columns[i * K + mu] = stored[mu * N + i];
    this.h = this.overlaps(cue);
    this.order = [...this.h.keys()].sort((one, other) => this.h[other] - this.h[one]);
    this.use({ n: 1 });
  }

  overlaps(sigma) {
    const { K, N, columns } = this, h = new Int32Array(K);
    for (let i = 0; i < N; i++) for (let mu = 0; mu < K; mu++) h[mu] += columns[i * K + mu] * sigma[i];
    return h;
  }

  // Choose F: a table over all overlaps from -N - 1 to N + 1, in units of F(N); powers are rectified.
  use({ n, beta }) {
    const { N } = this;
    this.table = Float64Array.from({ length: 2 * N + 3 }, (_, at) => {
      const h = at - N - 1;
      return beta ? Math.exp(beta * (h - N)) : h > 0 ? Math.pow(h / N, n) : 0;
    });
  }

  F(h) { return this.table[h + this.N + 1]; }

  // The bars in units of the chosen memory's, and what all others add up to.
  heights() {
    const unit = this.F(this.h[this.chosen]), bars = Float64Array.from(this.h, (h) => this.F(h) / unit);
    return { bars, others: bars.reduce((sum, bar) => sum + bar, 0) - bars[this.chosen] };
  }

  // The mean of the memories, each weighted by its bar.
  average() {
    const { K, N, columns } = this, { bars, others } = this.heights(), mean = new Float64Array(N);
    for (let i = 0; i < N; i++) {
      for (let mu = 0; mu < K; mu++) mean[i] += bars[mu] * columns[i * K + mu];
      mean[i] /= others + 1;
    }
    return mean;
  }

  // The bracket of eq. (4) for neuron i of a state with overlaps h; zero within its rounding.
  difference(sigma, h, i) {
    const { K, N, columns, table } = this, own = sigma[i];
    let sum = 0, size = 0;
    for (let mu = 0, at = i * K; mu < K; mu++) {
      const xi = columns[at + mu], middle = h[mu] - xi * own + N + 1, up = table[middle + xi], down = table[middle - xi];
      sum += up - down;
      size += up + down;
    }
    return Math.abs(sum) <= 4 * Number.EPSILON * size ? 0 : sum;
  }

  // How many neurons of the chosen memory would flip; it is stored if none.
  unstable() {
    const h = this.overlaps(this.own);
    let count = 0;
    for (let i = 0; i < this.N; i++) if (this.difference(this.own, h, i) * this.own[i] < 0) count++;
    return count;
  }

  // Where the cue ends: the neurons are updated in their order until a whole round changes none.
  settle() {
    const { K, N, columns } = this, sigma = Int8Array.from(this.cue), h = Int32Array.from(this.h);
    for (let still = 0, i = 0; still < N; i = (i + 1) % N) {
      const wanted = Math.sign(this.difference(sigma, h, i));
      still++;
      if (wanted === 0 || wanted === sigma[i]) continue;
      sigma[i] = wanted;
      for (let mu = 0; mu < K; mu++) h[mu] += 2 * wanted * columns[i * K + mu];
      still = 0;
    }
    return sigma;
  }
}

addEventListener("DOMContentLoaded", () => {
  const SHOWN = 40;
  const BOX = `
    <label><span>interaction</span><input data-part="interaction" type="range" min="0" autocomplete="off"><output></output></label>
    <div class="crowd-bars" data-part="bars" aria-hidden="true"></div>
    <label><span>look at digit</span><input data-part="digit" type="range" min="1" max="${SHOWN}" value="1"
      autocomplete="off"><output></output></label>
    <p class="crowd-digit"><canvas data-part="look" width="28" height="28" role="img"></canvas>
      <span data-part="looked" role="status"></span></p>
    <div class="crowd-balance" aria-hidden="true">
      <span data-part="own-name"></span><b><i data-part="own"></i></b><span data-part="own-share"></span>
      <span data-part="others-name"></span><b><i data-part="others"></i></b><span data-part="others-share"></span></div>
    <div class="simulation-pictures">${[["cue", "the damaged copy"], ["average", "average of all, weighted by the bars"],
      ["end", "where the network settles"]].map(([part, text]) =>
      `<div><canvas data-part="${part}" width="28" height="28" role="img" aria-label="${text}"></canvas>${text}</div>`)
      .join("")}</div>
    <p data-part="said" role="status"></p>`;
  const percent = (share) => {
    if (share > 1 - 1e-4) return "over 99.99 %";
    if (share < 1e-4) return "under 0.01 %";
    return `${(100 * share).toPrecision(share > 0.99 ? 4 : 2)} %`;
  };
  const times = (ratio) => (ratio >= 1e-3 ? Number(ratio.toPrecision(ratio >= 10 ? 3 : 2)).toLocaleString("en") : "under 0.001");

  const bring = (root) => {
    const data = JSON.parse(root.querySelector("script").textContent), live = root.querySelector(".simulation-live");
    const cue = DenseMemory.unpack(data.cue, 784), stored = DenseMemory.unpack(data.stored, 784);
    const crowd = new Crowd(stored, cue, data.chosen), { K, N, order, h, chosen } = crowd;
    const found = [], name = (mu) => (mu === chosen ? `the stored ${data.classes[mu]}` : `a ${data.classes[mu]}`);
    const self = `the ${data.classes[chosen]}`;
    live.innerHTML = BOX;
    const find = (part) => live.querySelector(`[data-part="${part}"]`);
    const [slider, digit, bars] = ["interaction", "digit", "bars"].map(find);
    slider.max = data.interactions.length - 1;
    slider.value = data.start;
    bars.innerHTML = "<i></i>".repeat(SHOWN);
    find("own-name").textContent = self;
    find("others-name").textContent = `all ${(K - 1).toLocaleString("en")} others`;

    const paint = (part, value) => {
      const pen = find(part).getContext("2d"), image = new ImageData(28, 28);
      const ink = getComputedStyle(root).color.match(/[\d.]+/g).slice(0, 3).map(Number);
      for (let i = 0; i < N; i++) image.data.set([...ink, 127.5 * (1 + value(i))], 4 * i);
      pen.putImageData(image, 0, 0);
    };
    const write = (input, text) => {
      input.setAttribute("aria-valuetext", text);
      input.parentElement.querySelector("output").value = text;
    };
    const compute = (at) => {
      crowd.use(data.interactions[at]);
      return (found[at] ??= {
        ...crowd.heights(), average: crowd.average(), unstable: crowd.unstable(), end: crowd.settle(),
      });
    };

    const look = () => {
      const mu = order[digit.value - 1], { bars: height, others } = compute(slider.value);
      write(digit, digit.value);
      [...bars.children].forEach((bar, at) => bar.classList.toggle("looked", at === digit.value - 1));
      paint("look", (i) => stored[mu * N + i]);
      find("look").setAttribute("aria-label", `Stored digit ${digit.value} in the order of likeness: ${name(mu)}`);
      find("looked").textContent = `${name(mu)[0].toUpperCase()}${name(mu).slice(1)}, overlap ${h[mu]} with the damaged copy: `
        + (mu === chosen ? "" : `${times(height[mu])} times as high as ${self}, `)
        + `${percent(height[mu] / (1 + others))} of the sum of all bars.`;
    };
    const show = () => {
      const { n, beta } = data.interactions[slider.value];
      const { bars: height, others, average, unstable, end } = compute(slider.value);
      write(slider, beta ? `exponential, β = ${beta}` : `power ${n}`);
      [...bars.children].forEach((bar, at) => {
        bar.style.height = `${100 * height[order[at]]}%`;
        bar.classList.toggle("own", order[at] === chosen);
      });
      for (const [part, share] of [["own", 1 / (1 + others)], ["others", others / (1 + others)]]) {
        find(part).style.width = `${100 * share}%`;
        find(`${part}-share`).textContent = percent(share);
      }
      paint("cue", (i) => cue[i]);
      paint("average", (i) => average[i]);
      paint("end", (i) => end[i]);
      const away = end.reduce((count, value, i) => count + (value !== crowd.own[i]), 0);
      find("said").innerHTML = `The others together are ${times(others)} times as high as ${self}. `
        + `${self[0].toUpperCase()}${self.slice(1)} is <strong>${unstable ? "not stored" : "stored"}</strong>: `
        + `${unstable || "none"} of its ${N} neurons would flip. Its damaged copy settles on `
        + (away ? `another picture, ${away} pixels away.` : `${self}, exact in every pixel.`);
      look();
    };
    slider.addEventListener("input", show);
    digit.addEventListener("input", look);
    bars.addEventListener("pointerdown", (event) => {
      const box = bars.getBoundingClientRect();
      const at = Math.floor(((event.clientX - box.left) / box.width) * SHOWN);
      digit.value = 1 + Math.max(0, Math.min(SHOWN - 1, at));
      look();
    });
    new MutationObserver(show).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    live.hidden = false;
    show();
    root.querySelector(".simulation-frame").hidden = true;
  };

  for (const root of document.querySelectorAll(".simulation.crowd")) {
    try {
      bring(root);
    } catch (error) {
      const live = root.querySelector(".simulation-live");
      live.textContent = `This browser cannot run the simulation (${error.message}); the picture stands for it.`;
      live.hidden = false;
    }
  }
});
