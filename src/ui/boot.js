// The first thing that the page runs: it starts the program, whose files are set when the page is built
// (see rest.js).
import './trust.js'

import start, * as program from 'program'
import { isFigure, poster } from './poster.js'

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

/// Whether a rest is needed at once: something is to be opened, or restored, or there may be no network to bring it by later.
const needsRest = () => location.hash.length > 1 || isRestored() || isKept()

/// The first of the rests, which shows what is opened, as a module; none where it cannot be had, which is said when it is
/// needed.
async function compileRests() {
  try {
    const response = await fetch(new URL(rests[0], document.baseURI))
    return [await WebAssembly.compile(await response.arrayBuffer())]
  } catch {
    return []
  }
}

async function fetchFirst() {
  const response = await fetch(new URL(file, document.baseURI))
  if (!response.ok) throw new Error(`${response.status}: ${file}`)
  return response
}

let coming
/// Has the program come, beside all else.
function fetchProgram() {
  if (coming) return coming
  const compiling = rests.length > 0 && needsRest() ? compileRests() : []
  coming = Promise.all([fetchFirst(), compiling])
  // Where it does not come, that is said when it is needed.
  coming.catch(() => {})
  return coming
}

/// The program once it is here. Where it does not come and the reader sees a poster, that says so, and it is tried again.
async function here(shown) {
  for (;;) {
    try {
      return await fetchProgram()
    } catch (error) {
      if (!shown) throw error
      coming = undefined
      await shown.lose()
    }
  }
}

const shown = isFigure && !isRestored() ? await poster(fetchProgram) : undefined
const [response, compiled] = await here(shown)
globalThis.statefulscopeRests = compiled
await start({ module_or_path: response })
// What tests and curious people can ask the page (src/ui/hooks.rs).
globalThis.wasmBindings = program
// For those who measure.
performance.mark('interactive')
