// Brings the second part of the program. PARTS are the files of both, for the page and for a figure, set when the page is
// built; a quick build has no second one.
const [, rest] = new URLSearchParams(location.search).has('embed') ? PARTS.figure : PARTS.page
const file = rest && new URL(rest, document.baseURI)
const SIGNS = ['pointermove', 'pointerdown', 'touchstart', 'wheel', 'keydown', 'focusin', 'statefulscope-wanted']

let first
let arriving

/// Takes the exports of the first part, and loads the rest at the first sign that somebody wants to do something.
export function offer(exports) {
  first = exports
  if (!file) return
  if (globalThis.statefulscopeRest) return bring()
  const listen = sign => addEventListener(sign, fetchRest, { once: true, passive: true })
  SIGNS.forEach(listen)
}

function isHere() {
  return !file || first.rest_is_here.value === 1
}

function take(instance) {
  if (!isHere()) first.rest_is_here.value = 1
  return instance
}

/// Lets the styles come that go with it.
function dress() {
  if (!PARTS.styles || document.querySelector('link[data-later]')) return
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = new URL(PARTS.styles, document.baseURI)
  link.dataset.later = ''
  document.head.append(link)
}

/// Loads it beside all else. Where that fails, `bring` says so when it is needed.
export function fetchRest() {
  dress()
  if (!isHere()) arriving ??= load().catch(() => (arriving = undefined))
  return arriving
}

async function load() {
  const response = await fetch(file)
  if (!response.ok) throw new Error(`${response.status}: ${file}`)
  const module = await WebAssembly.compile(await response.arrayBuffer())
  if (!isHere()) take(await WebAssembly.instantiate(module, { first }))
}

/// Loads it now, while everything waits: somebody was quicker than `fetchRest`.
export function bring() {
  if (isHere()) return
  dress()
  take(new WebAssembly.Instance(globalThis.statefulscopeRest ?? new WebAssembly.Module(loadNow()), { first }))
}

function loadNow() {
  const request = new XMLHttpRequest()
  request.open('GET', file, false)
  request.overrideMimeType('text/plain; charset=x-user-defined')
  request.send()
  if (request.status !== 200) throw new Error(`The rest of the program cannot be loaded: ${file}`)
  return Uint8Array.from(request.responseText, char => char.charCodeAt(0))
}
