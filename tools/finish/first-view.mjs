// Which functions of the program a view runs: `node tools/finish/first-view.mjs DIST GLUE MARKED RAN [ADDRESS]`, where the
// address is what follows the page's own: a query and what is to be opened. `pressed` in the query says that somebody has
// pressed the figure's poster, and `told` that the page around has sent it a manifest.
//
// The page runs in a document without a browser, on a clock of its own, so that every build finds the same.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inflateRawSync } from 'node:zlib'
import { GlobalRegistrator } from '@happy-dom/global-registrator'

import { makeClock } from './clock.mjs'

/// How long a first view is watched, in milliseconds of the page's clock.
const WATCHED = 3_000

const [dist, glue, marked, ran, address = ''] = process.argv.slice(2)
const DISK = 'http://127.0.0.1/'
const { instantiate } = WebAssembly
const { setImmediate, ReadableStream, Response, TransformStream } = globalThis
GlobalRegistrator.register({ url: DISK + address, width: 1440, height: 900 })
// The streams of Node go with each other. What inflates does so at once, whatever else the machine does.
class DecompressionStream {
  constructor() {
    const parts = []
    const flush = controller => controller.enqueue(new Uint8Array(inflateRawSync(Buffer.concat(parts))))
    return new TransformStream({ transform: part => void parts.push(part), flush })
  }
}
Object.assign(globalThis, { DecompressionStream, ReadableStream, Response, TransformStream })
globalThis.fetch = async url => new Response(readFileSync(join(dist, new URL(url, DISK).pathname)))
// The document's window is this process's global object, which is made by no constructor of a Window.
Object.defineProperty(Window, Symbol.hasInstance, { value: it => it === globalThis })
const clock = makeClock(async () => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
})
Object.assign(globalThis, clock.functions)
Object.defineProperty(globalThis, 'performance', {
  value: { now: () => clock.now(), mark() {}, getEntriesByType: () => [] },
  configurable: true,
})
// There is neither a second part nor a worker yet.
Object.assign(globalThis, { PARTS: { page: [], figure: [] }, WORKER: undefined })
document.write(readFileSync(join(dist, 'index.html'), 'utf8').replace(/<(script|link)\b[^>]*>/g, ''))
const asked = new URLSearchParams(location.search)
for (const name of ['embed', 'pressed']) if (asked.has(name)) document.documentElement.dataset[name] = ''
if (asked.has('told')) {
  globalThis.statefulscopeHeard = [{ statefulscope: 1, type: 'load', manifest: readFileSync('scenarios/web.yaml', 'utf8') }]
  Object.defineProperty(globalThis, 'parent', { value: { postMessage() {} } })
}

const seen = new Set()
WebAssembly.instantiate = (source, imports) =>
  instantiate(source, { ...imports, split: { seen: number => seen.add(number) } })
const program = await import(pathToFileURL(resolve(dist, glue)).href)
await program.default({ module_or_path: readFileSync(marked) })
await clock.runUntil(WATCHED / 2)
// A list that is longer than its place has been scrolled to its end.
if (location.hash) document.querySelectorAll('ol').forEach(list => list.dispatchEvent(new Event('scroll')))
await clock.runUntil(WATCHED)
if (!document.querySelector('main button')) throw new Error('The page did not come up.')
// How many of how many events have passed; of a story that waits for its reader, none.
if ((location.hash || asked.has('told')) && !document.querySelector('.story') && document.querySelector('.clock__event b').textContent === '0/0') {
  throw new Error(`Nothing was opened: ${address}`)
}
writeFileSync(ran, `${[...seen].sort((a, b) => a - b).join('\n')}\n`)
process.exit(0)
