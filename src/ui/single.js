// The page as one file: what it would load beside itself stands in it, deflated, as blocks of data.
const { fetch } = globalThis

globalThis.fetch = (address, options) => {
  const name = new URL(address, document.baseURI).pathname.split('/').at(-1)
  const block = document.getElementById(`file-${name}`)
  if (!block) return fetch(address, options)
  const bytes = Uint8Array.from(atob(block.textContent), character => character.charCodeAt(0))
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return Promise.resolve(new Response(inflated, { headers: { 'Content-Type': block.dataset.type } }))
}

import('./boot.js')
