// Brings the rests of the program. PARTS are the files of the page and of a figure, set when the page is built: the first
// part, and the rests in their order, each of which needs those before it. A quick build has no rest.
const [, ...rests] = 'embed' in document.documentElement.dataset ? PARTS.figure : PARTS.page
const files = rests.map(rest => new URL(rest, document.baseURI))
const SIGNS = ['pointermove', 'pointerdown', 'touchstart', 'wheel', 'keydown', 'focusin', 'statefulscope-wanted']

/// How long after a failure signs are heeded again, in milliseconds.
const PAUSE_MS = 1000

let first
let arriving

/// Takes the exports of the first part, and the rests that are loaded already, and loads the others at the first sign that
/// somebody wants to do something.
export function offer(exports) {
  first = exports
  if (files.length === 0) return
  const loaded = globalThis.statefulscopeRests ?? []
  loaded.forEach((module, at) => take(at, module))
  // Somebody has pressed the poster (poster.js).
  if ('pressed' in document.documentElement.dataset) return fetchRest()
  listen()
}

function listen() {
  for (const sign of SIGNS) addEventListener(sign, fetchRest, { passive: true })
}

/// How the first part calls it whether a rest is here.
const here = at => first[`here${at + 1}`]
const missing = () => files.findIndex((_, at) => here(at).value === 0)

/// Joins one to the first part. Nothing comes between, so that it is joined once.
function take(at, module) {
  if (here(at).value) return
  new WebAssembly.Instance(module, { first })
  here(at).value = 1
  dress()
}

/// Lets the styles come that go with them.
function dress() {
  if (!PARTS.styles || document.querySelector('link[data-later]')) return
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = new URL(PARTS.styles, document.baseURI)
  link.dataset.later = ''
  document.head.append(link)
}

/// Loads them beside all else. Where that fails, it is tried again at the next sign, and `bring` says so when they are
/// needed.
export function fetchRest() {
  for (const sign of SIGNS) removeEventListener(sign, fetchRest)
  dress()
  if (missing() < 0 || arriving) return
  const failed = () => {
    arriving = undefined
    setTimeout(listen, PAUSE_MS)
  }
  arriving = load().catch(failed)
}

async function load() {
  const modules = await Promise.all(files.map((file, at) => (here(at).value ? undefined : compile(file))))
  modules.forEach((module, at) => take(at, module))
}

async function compile(file) {
  const response = await fetch(file)
  if (!response.ok) throw new Error(`${response.status}: ${file}`)
  return WebAssembly.compile(await response.arrayBuffer())
}

/// Loads those up to a level now, while everything waits: somebody was quicker than `fetchRest`.
export function bring(level) {
  for (let at = missing(); at >= 0 && at < level; at = missing()) {
    take(at, new WebAssembly.Module(loadNow(files[at])))
  }
}

function loadNow(file) {
  const request = new XMLHttpRequest()
  request.open('GET', file, false)
  request.overrideMimeType('text/plain; charset=x-user-defined')
  request.send()
  if (request.status !== 200) throw new Error(`The rest of the program cannot be loaded: ${file}`)
  return Uint8Array.from(request.responseText, char => char.charCodeAt(0))
}
