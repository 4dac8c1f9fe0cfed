// The first thing that the page runs: it starts the program, whose files are set when the page is built
// (see rest.js).
import './trust.js'

import start, * as program from 'program'

const [file] = new URLSearchParams(location.search).has('embed') ? PARTS.figure : PARTS.page
await start({ module_or_path: fetch(new URL(file, document.baseURI)) })
// What tests and curious people can ask the page (src/ui/hooks.rs).
globalThis.wasmBindings = program
// For those who measure.
performance.mark('interactive')
