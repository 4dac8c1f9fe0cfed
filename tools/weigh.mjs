// Prints what the page weighs, as it is and compressed with brotli: `node tools/weigh.mjs [folder]`. Fails where a view
// weighs more than it may.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

/// What a view may weigh, in bytes of brotli, and what it loads beside what all load. Of the posters it is the heaviest.
const VIEWS = [
  { name: 'a first view of the page', most: 400_000, loads: /^program-page-/ },
  { name: 'the page, where it opens a link', most: 850_000, loads: /^((program|content)-page-|later-.*\.css$)/ },
  { name: 'a figure of a story, until it is pressed', most: 40_000, poster: true },
  { name: 'a figure of a scenario, until it is pressed', most: 40_000 },
  { name: 'a figure that is to be told what to show', most: 300_000, loads: /^program-figure-/ },
  { name: 'a figure of a story that plays', most: 850_000, poster: true, loads: /^((program|content)-figure-|later-.*\.css$|gallery\.json$)/ },
]

/// What not all load at first.
const LATER = /^(editor\.js|gallery\.json|posters\/.*|.*\.licences\.txt|worker\.js|statefulscope-scenario\.js|statefulscope\.html|later-.*\.css|(program-(page|figure)|content|rest)-.*\.wasm)$/

/// What the custom element may weigh as it is.
const ELEMENT = 5_000

const folder = process.argv[2] ?? 'dist'
const names = readdirSync(folder, { recursive: true }).filter(name => statSync(join(folder, name)).isFile()).sort()
const weights = new Map(names.map(name => [name, weigh(readFileSync(join(folder, name)))]))
for (const [name, { bytes, brotli }] of weights) {
  const when = LATER.test(name) ? '' : 'always'
  console.log(`${name.padEnd(42)} ${when.padEnd(8)} ${String(bytes).padStart(9)} bytes ${String(brotli).padStart(8)} brotli`)
}
const heaviest = Math.max(...[...weights].map(([name, { brotli }]) => (name.startsWith('posters/') ? brotli : 0)))
for (const { name, most, loads, poster } of VIEWS) {
  const loaded = [...weights].filter(([file]) => !LATER.test(file) || loads?.test(file))
  const total = loaded.reduce((sum, [, { brotli }]) => sum + brotli, poster ? heaviest : 0)
  console.log(`${name.padEnd(42)} ${`${total} brotli, of ${most}`.padStart(39)}`)
  if (total > most) process.exitCode = 1
}

function weigh(content) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  return { bytes: content.length, brotli: brotliCompressSync(content, { params }).length }
}
const element = statSync(join(folder, 'statefulscope-scenario.js')).size
console.log(`${'the custom element'.padEnd(42)} ${`${element} bytes, of ${ELEMENT}`.padStart(46)}`)
if (element > ELEMENT) process.exitCode = 1
