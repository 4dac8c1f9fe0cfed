// Prints what the page weighs, as it is and compressed with brotli: `node tools/weigh.mjs [folder]`. Fails where a first view
// weighs more than it may.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

/// What a first view may weigh, in bytes of brotli: of the page, and of a figure in another page.
const MOST = { page: 400_000, figure: 300_000 }

/// What is loaded later, if at all, and what only one of the two loads.
const LATER = /^(editor\.js|gallery\.json|.*\.licences\.txt|worker\.js|statefulscope-scenario\.js|statefulscope\.html|(content|rest)-.*\.wasm|later-.*\.css)$/
const OF = { page: /^program-page-/, figure: /^program-figure-/ }

const folder = process.argv[2] ?? 'dist'
const options = size => ({ params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: size } })
const rows = new Map()
const add = (kind, bytes) => {
  const row = rows.get(kind) ?? { files: 0, bytes: 0, brotli: 0 }
  row.files += 1
  row.bytes += bytes.length
  row.brotli += brotliCompressSync(bytes, options(bytes.length)).length
  rows.set(kind, row)
}
const names = readdirSync(folder, { recursive: true }).filter(name => statSync(join(folder, name)).isFile()).sort()
const kind = name => {
  if (LATER.test(name)) return `later: ${name}`
  const only = Object.keys(OF).find(view => OF[view].test(name))
  return only ? `${only}: program` : extname(name)
}
for (const name of names) add(kind(name), readFileSync(join(folder, name)))
for (const [kind, { files, bytes, brotli }] of [...rows].sort()) {
  const figures = `${String(files).padStart(3)} files ${String(bytes).padStart(9)} bytes ${String(brotli).padStart(8)} brotli`
  console.log(`${kind.padEnd(42)} ${figures}`)
}
for (const [view, most] of Object.entries(MOST)) {
  const isOf = kind => !kind.startsWith('later') && (!kind.includes(':') || kind.startsWith(view))
  const total = [...rows].filter(([kind]) => isOf(kind)).reduce((sum, [, row]) => sum + row.brotli, 0)
  console.log(`${`a first view of the ${view}`.padEnd(42)} ${`${total} brotli, of ${most}`.padStart(46)}`)
  if (total > most) process.exitCode = 1
}
