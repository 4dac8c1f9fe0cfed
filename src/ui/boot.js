// The first thing that the page runs: it starts the program, whose file is set when the page is built.
import './trust.js'

import start, * as program from 'program'

// What tests and curious people can ask the page (src/ui/hooks.rs).
globalThis.wasmBindings = program
await start({ module_or_path: fetch(new URL(PROGRAM, document.baseURI)) })
// For those who measure.
performance.mark('interactive')
