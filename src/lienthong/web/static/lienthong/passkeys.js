/* Keys of WebAuthn: the form is sent with what the key answered. */
(() => {
  "use strict";

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (keys = []) => keys.map((key) => ({ ...key, id: bytes(key.id) }));

  const ask = {
    create: (wanted) =>
      navigator.credentials.create({
        publicKey: { ...wanted, challenge: bytes(wanted.challenge), user: { ...wanted.user, id: bytes(wanted.user.id) }, excludeCredentials: listed(wanted.excludeCredentials) },
      }),
    get: (wanted) =>
      navigator.credentials.get({
        publicKey: { ...wanted, challenge: bytes(wanted.challenge), allowCredentials: listed(wanted.allowCredentials) },
      }),
  };

  const said = (key) => {
    const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const held = names.filter((name) => key.response[name]).map((name) => [name, text(key.response[name])]);
    return JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, response: Object.fromEntries(held) });
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const trouble = form.querySelector("[data-trouble]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      trouble.hidden = true;
      try {
        const key = await ask[form.dataset.passkey](JSON.parse(form.dataset.options));
        form.querySelector("input[name=answer]").value = said(key);
        form.submit();
      } catch {
        trouble.textContent = trouble.dataset.trouble;
        trouble.hidden = false;
      }
    });
  });
})();
