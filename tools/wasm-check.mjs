// Whether wasm computes what native code does: `node tools/wasm-check.mjs [RUNS]` compares the hashes of random runs.
import { execFileSync } from 'node:child_process'
import { engine } from './engine.mjs'

const runs = Number(process.argv[2] ?? 100)
const cargo = ['run', '--quiet', '--release', '--no-default-features', '--example', 'bench', '--', String(runs)]
const native = execFileSync('cargo', cargo, { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n')
const wasm = await engine()
let different = 0
native.forEach((expected, index) => {
  const hash = BigInt.asUintN(64, wasm.run_hash(index + 1, 500)).toString(16).padStart(16, '0')
  if (hash !== expected) {
    different += 1
    console.error(`seed ${index + 1}: native ${expected}, wasm ${hash}`)
  }
})
console.log(`${native.length} runs, native and in wasm, ${different} different`)
process.exit(different === 0 && native.length === runs ? 0 : 1)
