// Prints what the page weighs, as it is and compressed with brotli: `node tools/weigh.mjs [folder]`.
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const folder = process.argv[2] ?? 'dist'
const options = size => ({ params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: size } })
const rows = new Map()
for (const name of readdirSync(folder)) {
  const bytes = readFileSync(join(folder, name))
  const row = rows.get(extname(name)) ?? { files: 0, bytes: 0, brotli: 0 }
  row.files += 1
  row.bytes += bytes.length
  row.brotli += brotliCompressSync(bytes, options(bytes.length)).length
  rows.set(extname(name), row)
}
let total = 0
for (const [kind, { files, bytes, brotli }] of [...rows].sort()) {
  total += brotli
  console.log(`${kind.padEnd(8)} ${String(files).padStart(3)} files ${String(bytes).padStart(9)} bytes ${String(brotli).padStart(8)} brotli`)
}
console.log(`${'total'.padEnd(41)} ${String(total).padStart(8)} brotli`)
