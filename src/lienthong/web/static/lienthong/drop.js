/* A file may be dropped anywhere on the form that asks for one. */
(() => {
  "use strict";

  const fieldOf = (target) => {
    const form = target.closest?.("form");
    return target.closest?.(".lt-field")?.querySelector("input[type=file]") ?? form?.querySelector("input[type=file]:not([disabled])") ?? null;
  };
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let marked = null;
  const mark = (form) => {
    if (form === marked) return;
    marked?.classList.remove("is-dropping");
    form?.classList.add("is-dropping");
    marked = form;
  };

  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); /* a file beside the form must not replace the page */
    const field = fieldOf(event.target);
    mark(field?.form ?? null);
    event.dataTransfer.dropEffect = field ? "copy" : "none";
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(null);
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(null);
    const field = fieldOf(event.target);
    if (!field) return;
    const given = new DataTransfer();
    [...event.dataTransfer.files].slice(0, field.multiple ? undefined : 1).forEach((file) => given.items.add(file));
    field.files = given.files;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
