// The page of claims: shows the statements of a verdict, a source and a chapter; a chapter's link chooses its own. On a
// phone the longest group begins closed.
addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".claims-filters");
  if (!form) return;
  const rows = [...document.querySelectorAll(".claim")], selects = [...form.querySelectorAll("select")];
  const fold = document.querySelector(".claims-fold"), phone = matchMedia("(max-width: 37.5rem)").matches;
  const statements = (some) => some.reduce((sum, row) => sum + Number(row.dataset.count), 0);

  const show = () => {
    for (const row of rows) row.hidden = selects.some(({ name, value }) => value && row.dataset[name] !== value);
    for (const group of document.querySelectorAll(".claims-group")) {
      group.closest("section").hidden = [...group.children].every((row) => row.hidden);
    }
    if (selects.some(({ value }) => value)) fold.open = true;
    const shown = statements(rows.filter((row) => !row.hidden));
    form.querySelector("output").value = `${shown} of ${statements(rows)} statements`;
  };

  const follow = () => {
    const name = decodeURIComponent(location.hash.slice(1)), chapter = name.replace("claims-", "");
    const row = document.getElementById(name);
    if (name !== chapter && [...selects.at(-1).options].some(({ value }) => value === chapter)) {
      form.reset();
      selects.at(-1).value = chapter;
      setTimeout(() => form.scrollIntoView());
    } else if (row?.closest("[hidden]")) {
      form.reset();
      setTimeout(() => row.scrollIntoView());
    }
    if (!fold.open && fold.contains(row)) {
      fold.open = true;
      setTimeout(() => row.scrollIntoView());
    }
    show();
  };

  form.hidden = false;
  fold.open = !phone;
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  addEventListener("hashchange", follow);
  addEventListener("load", follow);
  show();
});
addEventListener("beforeprint", () => {
  document.querySelectorAll(".claims-fold, .claim details, details.results").forEach((fold) => (fold.open = true));
});
