// What the browser does for the page. What answers later tells the page with a call.

/// Where the language is kept that somebody chose. A figure in another page keeps nothing.
const LANGUAGE = 'statefulscope.language'

/// The language that was chosen here before; nothing where none was, or where the browser keeps nothing.
export function saved_language() {
  try {
    return localStorage.getItem(LANGUAGE) ?? ''
  } catch {
    return ''
  }
}

/// Keeps the language that was chosen.
export function save_language(tag) {
  try {
    localStorage.setItem(LANGUAGE, tag)
  } catch {
    // It holds until the page is left.
  }
}

/// Loads a file that lies beside the page, and gives its text to `done`; nothing where there is none.
export function load_text(file, done) {
  fetch(new URL(file, document.baseURI))
    .then(response => (response.ok ? response.text() : undefined))
    .catch(() => undefined)
    .then(done)
}

/// Brings an element into view once it is drawn, where it is not, and moves no more than that takes.
export function keep_in_view(selector) {
  requestAnimationFrame(() => {
    const element = document.querySelector(selector)
    if (!element) return
    element.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    // On a telephone the details stick to the lower edge of the window, and may lie over it.
    const sheet = document.querySelector('.details')
    if (!sheet || getComputedStyle(sheet).position !== 'sticky') return
    const behind = element.getBoundingClientRect().bottom + 8 - sheet.getBoundingClientRect().top
    if (behind > 0) scrollBy(0, behind)
  })
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
