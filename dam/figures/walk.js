// A picture is dragged along a straight line to the decision boundary of one network, and all networks read it.
for (const root of document.querySelectorAll(".walk:not([data-ready])")) {
  root.dataset.ready = "";
  const data = JSON.parse(root.querySelector("script").textContent), { classes, powers, ways, limit } = data;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const digits = new Uint8Array(bytes(data.digits)), outputs = new Int8Array(bytes(data.outputs));
  const changes = new Int16Array(bytes(data.changes));
  const find = (selector) => root.querySelector(selector), range = find("input[type=range]");
  const N = 784, canvas = Object.assign(document.createElement("canvas"), { width: 28, height: 28 });
  const chosen = (name) => Number(find(`input[name=${name}]:checked`).value);

  const paint = (part, color, alt) => {
    const picture = new ImageData(28, 28), image = find(`[data-part=${part}]`);
    for (let i = 0; i < N; i++) picture.data.set([...color(i), 255], 4 * i);
    canvas.getContext("2d").putImageData(picture, 0, 0);
    image.src = canvas.toDataURL();
    image.alt = alt;
  };

  const signed = (change) => {
    const part = Math.min(1, Math.abs(change) / limit);
    return (change < 0 ? [33, 102, 172] : [178, 24, 43]).map((dark) => Math.round(255 + (dark - 255) * part));
  };

  // The class that a network reads at a place of the way.
  const answer = (made, reader, place, j) => Number(data.answers[made][reader][place * classes.length + j]);

  const say = (answers, own) => {
    const groups = new Map();
    answers.forEach((c, k) => groups.set(c, [...(groups.get(c) ?? []), powers[k]]));
    const parts = [...groups].map(([c, ns]) => {
      const who = ns.length === 1 ? ns[0] : `${ns.slice(0, -1).join(", ")} and ${ns.at(-1)}`;
      return `n = ${who} ${c === own ? "still " : ""}${ns.length === 1 ? "reads" : "read"} ${c}`;
    });
    const text = groups.size > 1 ? `${parts.join("; ")}.` : `All networks read ${answers[0]}.`;
    const status = find("[role=status]");
    if (status.textContent !== text) status.textContent = text;  // said only where an answer changes
  };

  const show = () => {
    const j = chosen("digit"), made = chosen("power"), place = Number(range.value), way = ways[place];
    const v = Float64Array.from({ length: N }, (_, i) => digits[j * N + i] / 127.5 - 1);
    const moved = v.map((x, i) => {
      const full = x + way * data.scale * changes[(made * classes.length + j) * N + i];
      return Math.max(-1, Math.min(1, full));
    });
    const where = `${classes[j]} at ${way.toFixed(2)} of the way made on n = ${powers[made]}`;
    paint("picture", (i) => Array(3).fill(Math.round(127.5 * (1 - moved[i]))), where);
    paint("change", (i) => signed(moved[i] - v[i]), `the change of ${where}, ink taken away blue, ink added red`);
    find(".walk-track output").value = way.toFixed(2);
    range.setAttribute("aria-valuetext", `${way.toFixed(2)} of the way to the boundary`);
    const answers = powers.map((_, k) => answer(made, k, place, j));
    powers.forEach((n, k) => {
      const at = (((made * powers.length + k) * ways.length + place) * classes.length + j) * 10;
      const box = find(`.walk-outputs > :nth-child(${k + 1})`), c = [...outputs.subarray(at, at + 10)].map((x) => x / 127);
      box.querySelector("strong").textContent = answers[k];
      box.setAttribute("aria-label", `Outputs of n = ${n}. ${c.map((x, digit) => `${digit}: ${x.toFixed(2)}`).join(", ")}`);
      box.querySelectorAll(".walk-bars > span").forEach((bar, digit) => {
        bar.querySelector("i").style.height = `${50 * (1 + c[digit])}%`;
        bar.classList.toggle("answer", digit === answers[k]);
      });
    });
    say(answers, classes[j]);
  };

  // Below the track, a lane for each network: what it reads from where on. A piece begins half a step before its place.
  const lay = () => {
    const j = chosen("digit"), made = chosen("power"), last = ways.length - 1;
    powers.forEach((_, k) => {
      const pieces = [];
      for (let place = 0; place <= last; place++) {
        const c = answer(made, k, place, j);
        if (pieces.at(-1)?.c !== c) pieces.push({ c, from: Math.max(0, place - 0.5) });
      }
      root.querySelectorAll(".walk-lane b")[k].replaceChildren(...pieces.map(({ c, from }, at) => {
        const piece = document.createElement("i"), until = pieces[at + 1]?.from ?? last;
        piece.style.width = `${(100 * (until - from)) / last}%`;
        piece.textContent = until - from > 1 ? c : "";
        piece.classList.toggle("other", c !== classes[j]);
        return piece;
      }));
    });
    show();
  };

  range.addEventListener("input", show);
  for (const radio of root.querySelectorAll("input[type=radio]")) radio.addEventListener("change", lay);
  for (const part of root.querySelectorAll("[hidden]")) part.hidden = false;
  lay();
}
