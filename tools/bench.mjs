// How long the engine takes in wasm, and how much memory: `make bench` runs this after the same in native code.
import { engine } from './engine.mjs'

async function measure(what, parallel, prepare, action) {
  const wasm = await engine()
  wasm.begin(parallel)
  prepare(wasm)
  const started = performance.now()
  const more = action(wasm)
  const spent = performance.now() - started
  const memory = (wasm.memory.buffer.byteLength / 1024 / 1024).toFixed(1)
  console.log(`wasm:   ${what}: ${spent.toFixed(1)} ms (${more ? `${more} events, ` : ''}${memory} MiB of memory)`)
}

const nothing = () => {}
await measure('one ordered set, 1 to 100 Ready', 0, wasm => wasm.scale(1), wasm => wasm.scale(100))
await measure('one Parallel set, 0 to 1,000 Ready', 1, nothing, wasm => wasm.scale(1000))
for (const replicas of [3, 30, 300]) {
  const prepare = wasm => (wasm.scale(replicas), wasm.settle())
  await measure(`10,000 syncs of ${replicas} steady pods`, 1, prepare, wasm => wasm.steady(10_000))
}
