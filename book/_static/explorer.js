// Interactive figures: the sliders choose which of the frames on the page is shown.
document.addEventListener("DOMContentLoaded", () => {
  for (const explorer of document.querySelectorAll(".explorer")) {
    const inputs = [...explorer.querySelectorAll("input[type=range]")];
    const frames = [...explorer.querySelectorAll(".explorer-frame")];
    const show = () => {
      let chosen = 0;
      for (const input of inputs) {
        const value = JSON.parse(input.dataset.texts)[input.value];
        input.setAttribute("aria-valuetext", value);
        input.parentElement.querySelector("output").value = value;
        chosen = chosen * (Number(input.max) + 1) + Number(input.value);
      }
      frames.forEach((frame, i) => { frame.hidden = i !== chosen; });
    };
    inputs.forEach((input) => input.addEventListener("input", show));
    explorer.querySelector(".explorer-controls").hidden = false;
    show();
  }
});
