// wasm-opt, with each feature that rustc's output uses: it may use no others, since older browsers lack them.
import { execFileSync } from 'node:child_process'

const FEATURES = [
  'bulk-memory',
  'bulk-memory-opt',
  'mutable-globals',
  'nontrapping-float-to-int',
  'sign-ext',
  'reference-types',
  'multivalue',
  'call-indirect-overlong',
]

/// A function is not moved into its only caller, so that what a first view calls stays apart from what it does not call.
const APART = ['--one-caller-inline-max-function-size', '0']

/// Optimizes a module for its size. What the linker wrote down for `divide` is not for wasm-opt.
export function optimize(from, to) {
  execFileSync('tools/split/target/release/split', ['bare', from, to])
  const features = FEATURES.map(name => `--enable-${name}`)
  execFileSync('node_modules/.bin/wasm-opt', [...features, '-Oz', ...APART, '--strip-producers', to, '-o', to], { stdio: 'inherit' })
}
