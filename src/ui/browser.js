// What the browser does that answers later: the page is told with a call.

/// Loads a file that lies beside the page, and gives its text to `done`; nothing where there is none.
export function load_text(file, done) {
  fetch(new URL(file, document.baseURI))
    .then(response => (response.ok ? response.text() : undefined))
    .catch(() => undefined)
    .then(done)
}

/// Puts a text on the clipboard, and tells `done` whether it is there.
export function copy_text(text, done) {
  Promise.resolve()
    .then(() => navigator.clipboard.writeText(text))
    .then(
      () => done(true),
      () => done(false),
    )
}
