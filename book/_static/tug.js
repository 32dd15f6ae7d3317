// The tug of war on a memory while it learns: frames of a stored training, made by the experiment `tug`.
class TugOfWar {
  constructor({ networks, after }) {
    this.after = after;
    this.networks = Object.fromEntries(Object.entries(networks).map(([n, one]) => {
      const whole = (text) => Int8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      return [n, { ...one, memory: whole(one.memory), pull: whole(one.pull), push: whole(one.push) }];
    }));
  }

  // Memory `mu` of the network of power n at a stop: three pictures, from -1 to 1, pulls of the classes, and votes.
  frame(n, mu, stop) {
    const one = this.networks[n], memories = one.votes[0].length, from = 784 * (stop * memories + mu);
    const picture = (name) => Float64Array.from(one[name].subarray(from, from + 784), (value) => value / 127);
    return {
      epoch: this.after[stop], error: one.error[this.after[stop]], along: one.along[stop][mu], votes: one.votes[stop][mu],
      memory: picture("memory"), pull: picture("pull"), push: picture("push"),
    };
  }

  // What a reader who does not see the bars must know.
  static words({ epoch, error, along, votes }) {
    const classes = [...along.keys()], by = (value) => classes.reduce((best, c) => (value[c] > value[best] ? c : best), 0);
    const pull = by(along), push = by(along.map((value) => -value));
    const said = epoch ? `After ${epoch} epoch${epoch > 1 ? "s" : ""}, test error ${error.toFixed(1)} %: ` : "Before training: ";
    const parts = [];
    if (along[pull] > 0) parts.push(`the ${pull}s pull hardest`);
    if (along[push] < 0) parts.push(`the ${push}s push hardest`);
    const voted = classes.filter((c) => votes[c] > 0.5).join(", ") || "no class";
    return `${said}${parts.join(", ") || "no digit pulls or pushes"}. It votes for ${voted} (above 0.5).`;
  }
}

addEventListener("DOMContentLoaded", () => {
  const slow = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // Blue -1, white 0, red +1, as in the chapters.
  const shade = (w) => {
    const pale = 1 - Math.abs(w);
    return w < 0 ? [33 + 222 * pale, 102 + 153 * pale, 172 + 83 * pale] : [178 + 77 * pale, 24 + 231 * pale, 43 + 212 * pale];
  };

  const bring = (root, number) => {
    const data = JSON.parse(root.querySelector("script").textContent), live = root.querySelector(".simulation-live");
    const tug = new TugOfWar(data), powers = Object.keys(data.networks), last = data.after.length - 1;
    const memories = data.networks[powers[0]].votes[0].length;
    const radios = (name, title, values) => `<fieldset><legend>${title}</legend>${values.map(([value, text], at) =>
      `<label><input type="radio" name="tug-${number}-${name}" data-${name}="${value}"${at ? "" : " checked"}>${text}</label>`)
      .join("")}</fieldset>`;
    const picture = (part, text) => `<div><canvas data-part="${part}" width="28" height="28" role="img"
      aria-label="${text}"></canvas>${text}</div>`;
    live.innerHTML = `<div class="tug-choice">
      ${radios("power", "power", powers.map((n) => [n, `n = ${n}`]))}
      ${radios("memory", "memory", Array.from({ length: memories }, (_, mu) => [mu, mu + 1]))}</div>
      <label><span>epochs trained</span><input data-part="stop" type="range" min="0" max="${last}" value="${data.start}"
        autocomplete="off"><output></output></label>
      <button type="button" data-part="play"></button>
      <div class="tug-field"><div class="simulation-pictures">${picture("memory", "the memory")}
        ${picture("pull", "added by the digits that pull")}${picture("push", "added by those that push: their negative")}</div>
      <div class="tug-bars" aria-hidden="true">${Array.from({ length: 10 }, (_, c) =>
        `<span>${c}</span><b><i></i></b><span></span>`).join("")}</div></div>
      <p data-part="said" role="status"></p>`;
    const find = (part) => live.querySelector(`[data-part="${part}"]`), stop = find("stop"), play = find("play");
    const checked = (name) => live.querySelector(`[data-${name}]:checked`).dataset[name];
    let timer = null;

    const show = () => {
      const frame = tug.frame(checked("power"), Number(checked("memory")), Number(stop.value));
      for (const part of ["memory", "pull", "push"]) {
        const image = new ImageData(28, 28);
        frame[part].forEach((w, i) => image.data.set([...shade(w), 255], 4 * i));
        find(part).getContext("2d").putImageData(image, 0, 0);
      }
      live.querySelectorAll(".tug-bars i").forEach((bar, c) => {
        const share = frame.along[c];
        bar.style.width = `${50 * Math.abs(share)}%`;
        bar.style.marginLeft = `${50 + 50 * Math.min(share, 0)}%`;
        bar.className = share < 0 ? "push" : "pull";
        const vote = frame.votes[c].toFixed(2).replace("-", "−");
        bar.parentElement.nextElementSibling.textContent = `vote ${vote}`;
      });
      stop.setAttribute("aria-valuetext", `${frame.epoch} epochs`);
      stop.parentElement.querySelector("output").value = frame.epoch;
      find("said").textContent = TugOfWar.words(frame);
    };
    const halt = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = slow ? "Next" : "Play";
    };
    const step = () => {
      stop.value = Number(stop.value) === last ? 0 : Number(stop.value) + 1;
      show();
      if (Number(stop.value) === last) halt();
    };
    play.addEventListener("click", () => {
      if (timer) { halt(); return; }
      step();
      if (slow) return;
      timer = setInterval(step, 800);
      play.textContent = "Stop";
    });
    stop.addEventListener("input", () => { halt(); show(); });
    live.querySelectorAll("[type=radio]").forEach((radio) => radio.addEventListener("change", show));
    halt();
    show();
    live.hidden = false;
    root.querySelector(".simulation-frame").hidden = true;
  };

  document.querySelectorAll(".simulation.tug").forEach((root, number) => {
    try {
      bring(root, number);
    } catch (error) {
      const live = root.querySelector(".simulation-live");
      live.textContent = `This browser cannot run the simulation (${error.message}); the picture stands for it.`;
      live.hidden = false;
    }
  });
});
