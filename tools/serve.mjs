// Serves a folder over HTTP on 127.0.0.1: `node tools/serve.mjs [folder] [port]`. Also used by the page's tests.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

/// Serves `folder` below the path `under` (`/` or `/a/b/`). Port 0 takes a free one.
/// Gives the address and a function that stops it.
export async function serve(folder, { port = 0, under = '/' } = {}) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname)
    const inside = path.startsWith(under) ? normalize(path.slice(under.length - 1)) : ''
    let file = inside.startsWith('/') ? join(folder, inside) : ''
    if (file && file.endsWith('/')) file += 'index.html'
    const found = file && (await stat(file).catch(() => undefined))
    // A page in a sandboxed frame has no origin of its own and needs to be let in.
    const headers = { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache' }
    if (!found?.isFile()) {
      response.writeHead(404, { ...headers, 'Content-Type': 'text/plain' }).end('There is no such file.\n')
      return
    }
    headers['Content-Type'] = TYPES[extname(file)] ?? 'application/octet-stream'
    headers['Content-Length'] = found.size
    response.writeHead(200, headers)
    createReadStream(file).pipe(response)
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    address: `http://127.0.0.1:${server.address().port}${under}`,
    close: () => new Promise(resolve => server.close(resolve)),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = 'dist', port = '8080'] = process.argv.slice(2)
  try {
    const { address } = await serve(folder, { port: Number(port) })
    console.log(`Statefulscope is at ${address} (Ctrl+C stops it)`)
  } catch (error) {
    console.error(
      error.code === 'EADDRINUSE' ? `Port ${port} is taken: set another with PORT=8081 make serve.` : error.message,
    )
    process.exit(1)
  }
}
