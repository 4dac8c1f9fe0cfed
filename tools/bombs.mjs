// Applies each text that is made to hurt in a fresh instance of the engine, in wasm: none may take longer than 100 ms, or
// more than 32 MiB of memory. `node tools/bombs.mjs`, after `make engine`.
import { engine } from './engine.mjs'

const LIMIT_MS = 100
const LIMIT_BYTES = 32 * 1024 * 1024

const maker = await engine()
const count = maker.bombs()
/// Copies a text from the instance that makes it to the one that is to read it.
function hand(number, wasm) {
  const length = maker.make_bomb(number)
  const text = new Uint8Array(maker.memory.buffer, maker.text_at(), length)
  const at = wasm.receive(length)
  new Uint8Array(wasm.memory.buffer, at, length).set(text)
}

let failed = 0
let slowest = 0
let largest = 0
for (let number = 0; number < count; number += 1) {
  const wasm = await engine()
  // A first, small text warms the machine's compiler up.
  hand(0, wasm)
  wasm.explode()
  hand(number, wasm)
  const before = wasm.memory.buffer.byteLength
  const started = performance.now()
  const refused = wasm.explode()
  const spent = performance.now() - started
  const grown = wasm.memory.buffer.byteLength - before
  slowest = Math.max(slowest, spent)
  largest = Math.max(largest, grown)
  if (!refused || spent > LIMIT_MS || grown > LIMIT_BYTES) {
    failed += 1
    console.log(`text ${number}: refused ${Boolean(refused)}, ${spent.toFixed(0)} ms, ${(grown / 2 ** 20).toFixed(1)} MiB`)
  }
}
console.log(
  `bombs: ${count} texts, ${failed} failed; the slowest took ${slowest.toFixed(0)} ms, the largest ${(largest / 2 ** 20).toFixed(1)} MiB`,
)
process.exit(failed === 0 ? 0 : 1)
