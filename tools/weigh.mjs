// Prints what the page weighs, as it is and compressed with brotli: `node tools/weigh.mjs [folder]`. Fails where a first view
// weighs more than it may.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

/// What a first view may weigh, in bytes of brotli. A figure in another page loads the same files as the page itself.
const MOST = 300_000

/// What a first view does not load.
const LATER = name => /^(editor\.js|gallery\.json|.*\.licences\.txt|worker\.js|statefulscope-scenario\.js|statefulscope\.html|rest-.*\.wasm)$/.test(name)

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
for (const name of names) add(LATER(name) ? `later: ${name}` : extname(name), readFileSync(join(folder, name)))
let total = 0
for (const [kind, { files, bytes, brotli }] of [...rows].sort()) {
  if (!kind.startsWith('later')) total += brotli
  const figures = `${String(files).padStart(3)} files ${String(bytes).padStart(9)} bytes ${String(brotli).padStart(8)} brotli`
  console.log(`${kind.padEnd(28)} ${figures}`)
}
console.log(`${'a first view'.padEnd(54)} ${String(total).padStart(8)} brotli`)
if (total > MOST) {
  console.error(`A first view may weigh ${MOST} bytes.`)
  process.exitCode = 1
}
