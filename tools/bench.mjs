// How long the engine takes in wasm, and how much memory: `make bench` runs this after the same in native code.
import { engine } from './engine.mjs'

// A browser translates a module when it first runs, and makes fast what runs often; so the first time takes longest.
const TIMES = 7

async function measure(what, times, parallel, prepare, action, most = Infinity) {
  const spans = []
  let more = ''
  for (let time = 0; time < times; time++) {
    const wasm = await engine()
    wasm.begin(parallel)
    prepare(wasm)
    const started = performance.now()
    const events = action(wasm)
    spans.push(performance.now() - started)
    const memory = wasm.memory.buffer.byteLength / 1024 / 1024
    more = `${events ? `${events} events, ` : ''}${memory.toFixed(1)} MiB of memory`
    if (memory > MOST_MIB) process.exitCode = 1
  }
  const first = spans[0].toFixed(1)
  spans.sort((a, b) => a - b)
  const half = spans[spans.length >> 1].toFixed(1)
  const took = times > 1 ? `the first of ${times} ${first} ms, half within ${half} ms, the fastest ${spans[0].toFixed(1)} ms` : `${first} ms`
  console.log(`wasm:   ${what}: ${took} (${more})`)
  if (spans[0] > most) {
    console.log(`        that is more than ${most} ms`)
    process.exitCode = 1
  }
}

const MOST_MIB = 64
const nothing = () => {}
await measure('one ordered set, 1 to 100 Ready', TIMES, 0, wasm => wasm.scale(1), wasm => wasm.scale(100), 50)
await measure('one Parallel set, 0 to 1,000 Ready', TIMES, 1, nothing, wasm => wasm.scale(1000), 500)
for (const replicas of [3, 30, 300]) {
  const prepare = wasm => (wasm.scale(replicas), wasm.settle())
  await measure(`10,000 syncs of ${replicas} steady pods`, 1, 1, prepare, wasm => wasm.steady(10_000))
}

// Seeks to 100 places all over a run of 10,000 events, each as far from the one before as can be.
const MOST_MS = 50
for (const replicas of [10, 100, 1000]) {
  const wasm = await engine()
  const events = wasm.long_run(replicas, 10_000)
  const spans = []
  for (let number = 0; number < 100; number++) {
    const started = performance.now()
    wasm.seek((number * 382) % 1000)
    spans.push(performance.now() - started)
  }
  spans.sort((a, b) => a - b)
  const memory = (wasm.memory.buffer.byteLength / 1024 / 1024).toFixed(1)
  const [middle, longest] = [spans[50], spans[99]]
  console.log(
    `wasm:   100 seeks in ${events} events of ${replicas} pods: half within ${middle.toFixed(1)} ms, ` +
      `the longest ${longest.toFixed(1)} ms (${memory} MiB of memory)`,
  )
  if (longest > MOST_MS) process.exitCode = 1
}
