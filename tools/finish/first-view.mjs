// Which functions of the program a first view runs: `node tools/finish/first-view.mjs DIST GLUE MARKED RAN [QUERY]`.
//
// The page runs in a document without a browser, on a clock of its own, so that every build finds the same.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { GlobalRegistrator } from '@happy-dom/global-registrator'

import { makeClock } from './clock.mjs'

/// How long a first view is watched, in milliseconds of the page's clock.
const WATCHED = 3_000

const [dist, glue, marked, ran, query = ''] = process.argv.slice(2)
const { instantiate } = WebAssembly
const { setImmediate } = globalThis
GlobalRegistrator.register({ url: `http://127.0.0.1/${query}`, width: 1440, height: 900 })
// The document's window is this process's global object, which is made by no constructor of a Window.
Object.defineProperty(Window, Symbol.hasInstance, { value: it => it === globalThis })
const clock = makeClock(() => new Promise(setImmediate))
Object.assign(globalThis, clock.functions)
Object.defineProperty(globalThis, 'performance', {
  value: { now: () => clock.now(), mark() {}, getEntriesByType: () => [] },
  configurable: true,
})
// There is neither a second part nor a worker yet.
Object.assign(globalThis, { PARTS: { page: [], figure: [] }, WORKER: undefined })
document.write(readFileSync(join(dist, 'index.html'), 'utf8').replace(/<(script|link)\b[^>]*>/g, ''))

const seen = new Set()
WebAssembly.instantiate = (source, imports) =>
  instantiate(source, { ...imports, split: { seen: number => seen.add(number) } })
const program = await import(pathToFileURL(resolve(dist, glue)).href)
await program.default({ module_or_path: readFileSync(marked) })
await clock.runUntil(WATCHED)
if (!document.querySelector('main button')) throw new Error('The page did not come up.')
writeFileSync(ran, `${[...seen].sort((a, b) => a - b).join('\n')}\n`)
process.exit(0)
