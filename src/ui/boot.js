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

/// The rests that are needed at once: the first of them shows what is to be opened, or restored; all, where there may be no
/// network to bring them by later.
function needed() {
  if (isKept()) return rests
  return location.hash.length > 1 || isRestored() ? rests.slice(0, 1) : []
}

/// Rests, as modules, as far as they can be had; that one cannot is said when it is needed.
async function compileRests(files) {
  const compile = async file => WebAssembly.compile(await (await fetch(new URL(file, document.baseURI))).arrayBuffer())
  const compiled = await Promise.all(files.map(file => compile(file).catch(() => undefined)))
  const lost = compiled.indexOf(undefined)
  return lost < 0 ? compiled : compiled.slice(0, lost)
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
  const compiling = compileRests(needed())
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
