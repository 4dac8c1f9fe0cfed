// The first thing that the page runs: it lets only known templates through, and starts the program. PROGRAM is its file,
// TEMPLATES the pieces of HTML that are in it and WORKER the service worker's file, set when the page is built.
import start, * as program from 'program'

const known = new Set(TEMPLATES)

/// Called by the browser for every text that is about to become HTML: only what was written before the page was built may.
if (globalThis.trustedTypes) {
  trustedTypes.createPolicy('default', {
    createHTML: text => (known.has(text) ? text : null),
    createScriptURL: address => (WORKER && address === WORKER ? address : null),
  })
}

// What tests and curious people can ask the page (src/ui/hooks.rs).
globalThis.wasmBindings = program
await start({ module_or_path: new URL(PROGRAM, document.baseURI) })
