// The first thing that the page runs: it starts the program, whose files are set when the page is built
// (see rest.js).
import './trust.js'

// It says whether the page is a figure to what comes after it.
import { isFigure, isSet, Lost, poster } from './poster.js'
import start, * as program from 'program'

const [file, ...rests] = isFigure ? PARTS.figure : PARTS.page

/// Whether something is to be restored after a fault (`documents/keep.js`).
function isRestored() {
  try {
    return Boolean(history.state) || sessionStorage.getItem('statefulscope.carried') !== null
  } catch {
    // A frame without an origin may not even ask.
    return Boolean(history.state)
  }
}

/// Whether the page was kept at an earlier visit, so that there may be no network.
function isKept() {
  try {
    return Boolean(navigator.serviceWorker?.controller)
  } catch {
    return false
  }
}

/// The rests that are needed at once: the first of them shows what is to be opened, or restored; all, where there may be no
/// network to bring them by later.
function needed() {
  if (isKept()) return rests
  // The page around has something to show, or will have it.
  const isTold = isFigure && (globalThis.statefulscopeHeard?.length > 0 || isSet('wait'))
  return location.hash.length > 1 || isTold || isRestored() ? rests.slice(0, 1) : []
}

/// Fetches a part of the program, and compiles it.
async function compile(part) {
  const response = await fetch(new URL(part, document.baseURI))
  if (!response.ok) throw new Error(`${response.status}: ${part}`)
  // A host that does not know this kind of file calls it otherwise.
  const isNamed = response.headers.get('Content-Type') === 'application/wasm'
  return isNamed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer())
}

let coming
/// Has the program come, beside all else: its first part, and the rests that are needed.
function fetchProgram() {
  coming ??= Promise.all([...needed(), file].map(compile))
  // Where it does not come, that is said when it is needed.
  coming.catch(() => {})
  return coming
}

/// The program once it is here. Where it does not come, that is said, and it is tried again when somebody wants that.
async function here(shown) {
  for (;;) {
    try {
      return await fetchProgram()
    } catch (error) {
      coming = undefined
      await (shown ?? new Lost()).lose(error)
    }
  }
}

const shown = isFigure && !isRestored() ? await poster(fetchProgram) : undefined
const parts = await here(shown)
const first = parts.pop()
globalThis.statefulscopeRests = parts
await start({ module_or_path: first })
// What tests and curious people can ask the page (src/ui/hooks.rs).
globalThis.wasmBindings = program
// For those who measure.
performance.mark('interactive')
