// The first thing that the page runs: it starts the program, whose files are set when the page is built
// (see rest.js).
import './trust.js'

import start, * as program from 'program'

const [file, ...rests] = new URLSearchParams(location.search).has('embed') ? PARTS.figure : PARTS.page

/// Whether a rest is needed at once, or there may be no network to bring it by later: something is to be opened, or restored
/// after a fault (`documents/keep.js`), or the page was kept at an earlier visit.
function needsRest() {
  if (location.hash.length > 1 || history.state) return true
  try {
    return sessionStorage.getItem('statefulscope.carried') !== null || Boolean(navigator.serviceWorker?.controller)
  } catch {
    // A frame without an origin may not even ask.
    return false
  }
}

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

const coming = rests.length > 0 && needsRest() ? compileRests() : []
const arriving = fetch(new URL(file, document.baseURI))
globalThis.statefulscopeRests = await coming
await start({ module_or_path: arriving })
// What tests and curious people can ask the page (src/ui/hooks.rs).
globalThis.wasmBindings = program
// For those who measure.
performance.mark('interactive')
