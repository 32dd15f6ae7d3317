// The page on which a reader draws a digit and the trained networks answer.
addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector(".draw");
  if (!root || typeof DIGIT_NETWORKS === "undefined") return;
  const find = (name) => root.querySelector(`[data-part="${name}"]`);
  const [board, seen, sheet, status, memoryList, said] = ["board", "seen", "sheet", "status", "memories", "said"].map(find);
  const SIZE = board.width, pen = board.getContext("2d", { willReadFrequently: true });
  const readers = {}, names = Object.keys(DIGIT_NETWORKS);
  let chosen = names[names.length - 1], v = null, digits = null, last = null;

  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const say = (text) => { status.textContent = text; };

  // Blue -1, white 0, red +1, as in the chapters.
  const shade = (w) => {
    const pale = 1 - Math.abs(w);
    return w < 0 ? [33 + 222 * pale, 102 + 153 * pale, 172 + 83 * pale] : [178 + 77 * pale, 24 + 231 * pale, 43 + 212 * pale];
  };

  const paint = (canvas, pixel) => {
    const picture = new ImageData(28, 28);
    for (let i = 0; i < 784; i++) picture.data.set([...pixel(i), 255], 4 * i);
    canvas.getContext("2d").putImageData(picture, 0, 0);
  };

  const load = (name) => new Promise((resolve, reject) => {
    if (readers[name]) { resolve(readers[name]); return; }
    say(`Loading the network of power ${name}.`);
    const script = document.createElement("script");
    script.src = `${DIGIT_FOLDER}${DIGIT_NETWORKS[name].file}`;
    script.onload = () => DigitReader.unpack(window.DIGIT_WEIGHTS[name], true).then((codes) => {
      readers[name] = new DigitReader(DIGIT_NETWORKS[name], codes);
      resolve(readers[name]);
    }, reject);
    script.onerror = () => reject(new Error(`the network of power ${name} did not arrive`));
    document.head.append(script);
  });

  const bars = (scores, answer) => {
    scores.forEach((score, c) => {
      const row = find(`score-${c}`);
      row.querySelector("i").style.width = `${50 * (1 + score)}%`;
      row.classList.toggle("answer", c === answer);
      row.querySelector("output").value = score.toFixed(2);
    });
  };

  const answerAll = () => {
    for (const name of names) {
      const cell = find(`answer-${name}`);
      cell.textContent = readers[name] && v ? readers[name].read(v).answer : "–";
    }
  };

  const answer = () => {
    const reader = readers[chosen];
    if (!reader || !v) return;
    answerAll();
    const found = reader.read(v), { memories, half, share } = reader.loudest(found.answer);
    last = found;
    bars(found.scores, found.answer);
    say(`The network of power ${chosen} reads a ${found.answer}.`);
    find("half").textContent = `Half of what is said for the ${found.answer} comes from ${half} of ${reader.K} memories.`;
    said.textContent = "Point at a memory to see the answer without it.";
    memoryList.replaceChildren(...memories.map((mu) => {
      const item = document.createElement("li"), button = document.createElement("button");
      const canvas = Object.assign(document.createElement("canvas"), { width: 28, height: 28 });
      paint(canvas, (i) => shade(reader.visible[mu * 784 + i]));
      const votes = [...Array(10).keys()].filter((c) => reader.labels[mu * 10 + c] > 0.5).join(", ") || "no class";
      const bar = document.createElement("i");
      bar.style.width = `${100 * share(mu)}%`;
      const text = document.createElement("span");
      text.textContent = `${(100 * share(mu)).toFixed(0)} %, for ${votes}`;
      button.type = "button";
      button.append(canvas, bar, text);
      const without = () => {
        said.textContent = `Without this memory the answer is ${reader.without(mu, last.a)}.`;
      };
      for (const event of ["pointerenter", "focus", "click"]) button.addEventListener(event, without);
      item.append(button);
      return item;
    }));
  };

  const use = (name) => {
    chosen = name;
    load(name).then(answer, (error) => {
      say(`${error.message[0].toUpperCase()}${error.message.slice(1)}. Choose it again to try once more.`);
      root.querySelector(`[value="${name}"]`).checked = false;
    });
  };

  const look = (found) => {
    v = found.v ?? null;
    if (v) { paint(seen, (i) => Array(3).fill(Math.round(127.5 * (1 - v[i])))); answer(); return; }
    seen.getContext("2d").clearRect(0, 0, 28, 28);
    memoryList.replaceChildren();
    answerAll();
    say(found.problem);
  };

  const readBoard = () => {
    const { data } = pen.getImageData(0, 0, SIZE, SIZE);
    look(DigitReader.center(Float32Array.from({ length: SIZE * SIZE }, (_, at) => data[4 * at + 3] / 255), SIZE));
  };

  const clear = () => {
    pen.clearRect(0, 0, SIZE, SIZE);
    look({ problem: "Draw a digit." });
  };

  let from = null;
  const place = (event) => {
    const box = board.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIZE, ((event.clientY - box.top) / box.height) * SIZE];
  };
  const stroke = (event) => {
    const to = place(event);
    Object.assign(pen, { lineWidth: SIZE / 12, lineCap: "round", lineJoin: "round", strokeStyle: color("color") || "#000" });
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
    from = to;
  };
  board.addEventListener("pointerdown", (event) => {
    board.setPointerCapture(event.pointerId);
    from = place(event);
    stroke(event);
  });
  board.addEventListener("pointermove", (event) => { if (from) stroke(event); });
  board.addEventListener("pointerup", () => { from = null; readBoard(); });
  board.addEventListener("pointercancel", () => { from = null; });

  // One of a hundred test digits, as it is.
  const pick = (number) => {
    pen.clearRect(0, 0, SIZE, SIZE);
    const cell = SIZE / 28, own = digits.subarray(784 * number, 784 * (number + 1));
    pen.fillStyle = color("color") || "#000";
    own.forEach((value, i) => {
      pen.globalAlpha = value / 255;
      pen.fillRect((i % 28) * cell, Math.floor(i / 28) * cell, cell, cell);
    });
    pen.globalAlpha = 1;
    look({ v: Float64Array.from(own, (value) => value / 127.5 - 1) });
  };

  DigitReader.unpack(DIGIT_SAMPLES).then((bytes) => {
    digits = bytes;
    sheet.max = bytes.length / 784 - 1;
    pick(Number(sheet.value));
  }, (error) => say(`Sorry: ${error.message}. The other pages work.`));
  sheet.addEventListener("input", () => pick(Number(sheet.value)));
  find("clear").addEventListener("click", clear);
  for (const radio of root.querySelectorAll("input[type=radio]")) {
    radio.addEventListener("change", () => use(radio.value));
  }
  find("controls").hidden = false;
  use(chosen);
});
