// Links as the format says, made without the page.

/// A link of any bytes, made as the format says and not by the page.
export function linkOf(bytes) {
  const crc = new Uint32Array(1)
  crc[0] = ~0
  for (const byte of bytes) {
    crc[0] ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc[0] = (crc[0] >>> 1) ^ (crc[0] & 1 ? 0xedb88320 : 0)
  }
  const check = Buffer.alloc(4)
  check.writeUInt32BE(~crc[0] >>> 0)
  const text = Buffer.from(bytes).toString('base64url') + check.toString('base64url')
  return `#s=1.${text.length}.${text}`
}
