// The first page: a picture is damaged by hand and recalled, neuron by neuron, among as many digits as are stored.
addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector(".recall");
  if (!root || typeof STORED_DIGITS === "undefined") return;
  const SIDE = 28, N = SIDE * SIDE;
  const memories = DenseMemory.unpack(STORED_DIGITS, N), most = memories.length / N;
  const find = (name) => root.querySelector(`[data-part="${name}"]`);
  const [picture, curve, power, stored, status] = ["picture", "curve", "power", "stored", "status"].map(find);
  const POWERS = [1, 2, 3, 4, 6, 10, 20, 30, "exp"], STORED = [3, 10, 30, 100, 300, 1000, most];
  const slow = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const target = memories.slice(0, N);  // the seven is the first that is stored
  let sigma = Int8Array.from(target), network, energies = [], frame = null, flips = 0;

  const choice = () => ({ n: POWERS[power.value], K: STORED[stored.value] });
  const wrong = () => sigma.reduce((count, value, i) => count + (value !== target[i]), 0);

  const label = () => {
    const { n, K } = choice();
    const name = n === "exp" ? "exponential" : `power ${n}`;
    for (const [input, text] of [[power, name], [stored, `${K} digits`]]) {
      input.setAttribute("aria-valuetext", text);
      input.parentElement.querySelector("output").value = text;
    }
  };

  const draw = () => {
    const ink = getComputedStyle(root).color, pen = picture.getContext("2d"), cell = picture.width / SIDE;
    pen.clearRect(0, 0, picture.width, picture.height);
    pen.fillStyle = ink;
    sigma.forEach((value, i) => {
      if (value > 0) pen.fillRect((i % SIDE) * cell, Math.floor(i / SIDE) * cell, cell, cell);
    });
    const line = curve.getContext("2d"), { width, height } = curve;
    line.clearRect(0, 0, width, height);
    line.fillStyle = ink;
    line.font = "14px sans-serif";
    line.fillText("energy, flip by flip", 8, height - 10);
    if (energies.length < 2) return;
    const low = Math.min(...energies), high = Math.max(...energies), span = high - low || 1;
    line.strokeStyle = ink;
    line.lineWidth = 2;
    line.beginPath();
    energies.forEach((energy, at) => {
      line.lineTo(4 + ((width - 8) * at) / (energies.length - 1), 4 + ((height - 8) * (high - energy)) / span);
    });
    line.stroke();
  };

  const say = (text) => { status.textContent = text; };

  const stop = () => {
    cancelAnimationFrame(frame);
    frame = null;
    find("recall").textContent = "Recall";
  };

  const damage = (share) => {
    stop();
    for (let i = 0; i < N; i++) if (Math.random() < share) sigma[i] = -sigma[i];
    energies = [];
    say(`${wrong()} of ${N} pixels are not those of the seven.`);
    draw();
  };

  const finish = () => {
    stop();
    const left = wrong(), { K } = choice();
    let same = -1;
    for (let mu = 0; mu < K && same < 0; mu++) if (network.h[mu] === N) same = mu;
    if (left === 0) say(`Recalled: the seven, exact in every pixel, after ${flips} flips.`);
    else if (same > 0) say(`It came to rest on another stored digit, after ${flips} flips.`);
    else say(`It came to rest after ${flips} flips on a picture that nobody stored.`);
  };

  // Neurons in random order until none of a whole round has flipped.
  const run = () => {
    const until = performance.now() + 12;
    let shown = 0;
    do {
      if (!network.order || network.at === N) {
        if (network.order && network.changed === 0) {
          sigma = network.sigma;
          draw();
          finish();
          return;
        }
        network.order = Array.from({ length: N }, (_, i) => i);
        for (let i = N - 1; i > 0; i--) {
          const j = Math.floor(Math.random() * (i + 1));
          [network.order[i], network.order[j]] = [network.order[j], network.order[i]];
        }
        network.at = network.changed = 0;
      }
      if (network.update(network.order[network.at++])) {
        network.changed++;
        flips++;
        shown++;
        energies.push(network.energy());
      }
    } while (performance.now() < until && (slow || shown < 4));
    sigma = network.sigma;
    if (!slow) draw();
    frame = requestAnimationFrame(run);
  };

  const recall = () => {
    if (frame !== null) { stop(); return; }
    const { n, K } = choice();
    network = new DenseMemory(memories, K, N, n);
    network.start(sigma);
    energies = [network.energy()];
    flips = 0;
    find("recall").textContent = "Stop";
    say("Each neuron in turn takes the value of the lower energy.");
    frame = requestAnimationFrame(run);
  };

  // A finger or a mouse flips what it touches, each pixel once a stroke.
  let touched = null;
  const touch = (event) => {
    const box = picture.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * SIDE);
    const row = Math.floor(((event.clientY - box.top) / box.height) * SIDE);
    for (const [r, c] of [[row, column], [row + 1, column], [row, column + 1], [row + 1, column + 1]]) {
      const i = r * SIDE + c;
      if (r < 0 || c < 0 || r >= SIDE || c >= SIDE || touched.has(i)) continue;
      touched.add(i);
      sigma[i] = -sigma[i];
    }
    energies = [];
    say(`${wrong()} of ${N} pixels are not those of the seven.`);
    draw();
  };
  picture.addEventListener("pointerdown", (event) => {
    stop();
    touched = new Set();
    picture.setPointerCapture(event.pointerId);
    touch(event);
  });
  picture.addEventListener("pointermove", (event) => { if (touched) touch(event); });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { touched = null; });

  find("recall").addEventListener("click", recall);
  find("damage").addEventListener("click", () => damage(0.3));
  find("restore").addEventListener("click", () => {
    sigma = Int8Array.from(target);
    damage(0);
  });
  for (const input of [power, stored]) {
    input.addEventListener("input", () => {
      stop();
      energies = [];
      label();
      draw();
    });
  }
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  find("controls").hidden = false;
  label();
  damage(0.3);
});
