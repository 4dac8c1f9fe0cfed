// The engine as a wasm module without a page: what `examples/engine.rs` exports, built by
// `cargo build --release --no-default-features --target wasm32-unknown-unknown --example engine`.
import { readFileSync } from 'node:fs'

const MODULE = new URL('../target/wasm32-unknown-unknown/release/examples/engine.wasm', import.meta.url)

/// A fresh instance, with a memory of its own.
export async function engine() {
  const { instance } = await WebAssembly.instantiate(readFileSync(MODULE))
  return instance.exports
}
