// What may run in the page, be loaded by it, and become HTML in it.
const DIRECTIVES = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'manifest-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': 'default',
}

/// The policy with other directives in the place of some.
export const policyWith = others =>
  Object.entries({ ...DIRECTIVES, ...others })
    .map(([name, value]) => `${name} ${value}`)
    .join('; ')

export const policy = policyWith({})
