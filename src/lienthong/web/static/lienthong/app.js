/* What the pages do better with a script. Every page works without it. */
(() => {
  "use strict";

  /* Vietnamese letters without their marks, so that "uy ban" finds "Ủy ban". */
  const plain = (text) =>
    text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase().trim();

  /* Menus made of <details>: close on Escape, on a click elsewhere, and when another one opens. */
  const closeMenus = (except) =>
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details[data-menu][open]");
    closeMenus();
    menu?.querySelector("summary").focus();
  });

  /* A form is sent once: a double click is one click. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.querySelectorAll("button:not([type=button])").forEach((button) => button.setAttribute("aria-busy", "true"));
  });
  window.addEventListener("pageshow", () =>
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
    }),
  );

  /* The recipients' picker: filter as you type, see what is chosen. */
  const openPicker = (picker) => {
    const box = picker.querySelector("[data-picker-filter]");
    const chosen = picker.querySelector("[data-picker-chosen]");
    const choices = [...picker.querySelectorAll(".lt-choice")];
    const words = choices.map((choice) => plain(choice.textContent));
    const show = () => {
      const names = choices.filter((c) => c.querySelector("input").checked).map((c) => c.dataset.name);
      chosen.textContent = names.length ? `${chosen.dataset.label} ${names.length}: ${names.join("; ")}` : chosen.dataset.none;
    };
    box.closest(".lt-picker-filter").hidden = false;
    chosen.hidden = false;
    box.addEventListener("input", () => {
      const wanted = plain(box.value).split(/\s+/);
      choices.forEach((choice, n) => {
        choice.hidden = !wanted.every((word) => words[n].includes(word));
      });
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    picker.addEventListener("change", show);
    show();
  };

  /* Only the fields of the chosen way of writing are asked for, and hints say what is missing. */
  const watchCompose = (compose) => {
    const hint = compose.querySelector("[data-missing]");
    const check = () => {
      const source = compose.querySelector("input[name=source]:checked")?.value;
      compose.querySelectorAll("[data-needed-for]").forEach((field) => {
        field.required = field.dataset.neededFor === source && !field.dataset.kept;
      });
      const missing = [...compose.querySelectorAll("[required]")]
        .filter((field) => field.type !== "radio" && !field.value.trim())
        .map((field) => compose.querySelector(`label[for="${field.id}"]`)?.firstChild.textContent.trim())
        .filter(Boolean);
      if (!compose.querySelector("[name=recipients]:checked")) missing.push(hint.dataset.recipients);
      hint.textContent = missing.length ? `${hint.dataset.label} ${missing.join(", ")}` : hint.dataset.done;
    };
    compose.addEventListener("input", check);
    compose.addEventListener("change", check);
    check();
  };

  /* The browser writes a date in its own order: say it so that 05/12 cannot be taken for 12/05. */
  const sayDate = (field) => {
    const words = document.createElement("div");
    words.className = "lt-help";
    words.setAttribute("aria-live", "polite");
    field.after(words);
    const say = () => {
      words.textContent = field.valueAsDate
        ? field.valueAsDate.toLocaleDateString(document.documentElement.lang, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })
        : "";
      words.hidden = !words.textContent;
    };
    field.addEventListener("input", say);
    say();
  };

  /* A key in a device at this machine: the page asks for the digest, the agent on loopback has the
     device sign it, and only then the form is sent with the answer. The PIN stays with the agent. */
  const askAgent = async (address, body) => {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
    });
    const found = await answer.json();
    if (!answer.ok) throw Object.assign(new Error("refused"), { said: found.text });
    return found;
  };
  const whatToSign = async (form) => {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { "X-Signing-Step": "ask" },
      body: new FormData(form),
    });
    return answer.ok ? answer.json() : null; /* sent again without an answer, the form shows why */
  };
  const useAgent = async (form) => {
    const csr = form.querySelector("input[name=csr]");
    if (csr) {
      csr.value = (await askAgent(`${form.dataset.agent}/key`, { subject: JSON.parse(form.dataset.subject) })).csr;
      return;
    }
    const wanted = await whatToSign(form);
    if (!wanted) return;
    const answer = await askAgent(`${form.dataset.agent}/sign`, wanted);
    form.querySelector("input[name=answer]").value = JSON.stringify(answer);
  };
  document.addEventListener("htmx:confirm", (event) => {
    const form = event.target;
    const file = form.querySelector("input[type=file]");
    if (!form.dataset?.agent || file?.files.length) return;
    event.preventDefault();
    const trouble = form.querySelector("[data-agent-trouble]");
    const button = form.querySelector("button:not([type=button])");
    trouble.hidden = true;
    button.disabled = true;
    useAgent(form)
      .then(() => event.detail.issueRequest(true))
      .catch((error) => {
        trouble.querySelector("p").textContent = error.said || (error.message === "refused" ? trouble.dataset.refused : trouble.dataset.absent);
        trouble.hidden = false;
      })
      .finally(() => {
        button.disabled = false;
        form.querySelectorAll("input[name=answer], input[name=csr]").forEach((field) => (field.value = ""));
      });
  });

  /* A key that is made in a device needs no new PIN of its own. */
  const watchPlace = (place) => {
    const fields = [...place.form.querySelectorAll("[data-needed-for=file]")].map((field) => field.closest(".lt-field") || field.parentElement);
    const show = () => fields.forEach((field) => (field.hidden = place.value !== "file"));
    place.addEventListener("change", show);
    show();
  };

  /* At the start, and again when htmx has put a new page in place of this one. */
  const begin = () => {
    const once = (selector, start) =>
      document.querySelectorAll(`${selector}:not([data-begun])`).forEach((part) => {
        part.dataset.begun = "yes";
        start(part);
      });
    once("[data-picker]", openPicker);
    once("form[data-compose]", watchCompose);
    once("input[type=date]", sayDate);
    once("[data-key-place]", watchPlace);
  };
  begin();
  document.addEventListener("htmx:load", begin);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === document.body) document.querySelector("#loi-bieu-mau")?.focus();
  });

  /* A refused PIN or password is typed again from the beginning. */
  document.addEventListener("htmx:responseError", (event) => {
    const secret = event.detail.elt.querySelector("input[type=password]");
    if (!secret) return;
    secret.value = "";
    secret.focus({ preventScroll: true });
  });

  /* Parts that renew themselves while somebody is really here, so an abandoned desk still signs out. */
  let lastSeen = Date.now();
  ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"].forEach((name) =>
    document.addEventListener(name, () => (lastSeen = Date.now()), { passive: true }),
  );
  const isBusy = (part) => part.contains(document.activeElement) || part.querySelector("input[name=chosen]:checked") || part.querySelector("details[open][data-menu]");
  const renew = () => {
    if (document.hidden || Date.now() - lastSeen > 3 * 60 * 1000) return;
    document.querySelectorAll("[data-live]").forEach((part) => {
      if (!isBusy(part)) part.dispatchEvent(new Event("renew"));
    });
  };
  window.setInterval(renew, 15 * 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    lastSeen = Date.now(); /* somebody came back to this window: what it shows should be of now */
    renew();
  });
})();
