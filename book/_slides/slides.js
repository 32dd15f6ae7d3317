// One slide at a time: by keys, by swipes, by buttons, and by a link to each. The address says which is shown.
const slides = [...document.querySelectorAll(".slide")];
const nav = document.querySelector("nav");
const [back, on] = nav.querySelectorAll("button");
let now = 0;

const show = (number) => {
  now = Math.max(0, Math.min(slides.length - 1, number));
  slides.forEach((slide, i) => slide.classList.toggle("shown", i === now));
  nav.querySelector("output").value = `${now + 1} / ${slides.length}`;
  back.disabled = now === 0;
  on.disabled = now === slides.length - 1;
  history.replaceState(null, "", `#${slides[now].id}`);
};
const follow = () => show(slides.findIndex((slide) => slide.id === decodeURIComponent(location.hash.slice(1))));

const KEYS = {
  ArrowRight: () => now + 1, PageDown: () => now + 1, " ": () => now + 1,
  ArrowLeft: () => now - 1, PageUp: () => now - 1,
  Home: () => 0, End: () => slides.length - 1,
};
addEventListener("keydown", (event) => {
  const pressed = event.key === " " && event.target.closest("a, button");
  if (event.key in KEYS && !pressed && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    show(KEYS[event.key]());
  }
});

let from = null;
addEventListener("touchstart", (event) => { from = event.touches.length === 1 ? event.touches[0] : null; });
addEventListener("touchend", (event) => {
  const to = event.changedTouches[0];
  const along = from ? to.clientX - from.clientX : 0;
  const zoomed = window.visualViewport && window.visualViewport.scale > 1;
  if (!zoomed && Math.abs(along) > 50 && Math.abs(along) > 2 * Math.abs(to.clientY - from.clientY)) {
    show(now - Math.sign(along));
  }
  from = null;
});

back.addEventListener("click", () => show(now - 1));
on.addEventListener("click", () => show(now + 1));
addEventListener("hashchange", follow);
document.documentElement.classList.add("deck");
nav.hidden = false;
follow();
