// What may become HTML or be loaded as a script. TEMPLATES are the pieces of HTML that are in the program and WORKER is the
// service worker's file, set when the page is built.
const known = new Set(TEMPLATES)

/// Called by the browser for every such text: only what was written before the page was built may.
if (globalThis.trustedTypes) {
  trustedTypes.createPolicy('default', {
    createHTML: text => (known.has(text) ? text : null),
    createScriptURL: address => (WORKER && address === WORKER ? address : null),
  })
}
