// The service worker: after the first visit the page works without a network. VERSION and FILES are set when the page is
// built; every version has a cache of its own, and a new one waits until somebody asks for it.
const PREFIX = 'statefulscope-'
const NAME = PREFIX + VERSION

addEventListener('install', event => {
  // Files are named by what is in them; only the page itself may be an old one.
  const fill = async () => (await caches.open(NAME)).addAll(FILES.map(file => new Request(file, { cache: 'no-cache' })))
  event.waitUntil(fill())
})

addEventListener('activate', event => {
  const clean = async () => {
    const old = (await caches.keys()).filter(name => name.startsWith(PREFIX) && name !== NAME)
    await Promise.all(old.map(name => caches.delete(name)))
    await clients.claim()
  }
  event.waitUntil(clean())
})

addEventListener('message', event => {
  if (event.data === 'take over') skipWaiting()
})

addEventListener('fetch', event => {
  const { request } = event
  const scope = registration.scope
  if (request.method !== 'GET' || !request.url.startsWith(scope)) return
  const { pathname, searchParams } = new URL(request.url)
  const home = new URL(scope).pathname
  const isPage = request.mode === 'navigate' && [home, `${home}index.html`].includes(pathname)
  // A figure is not kept: its parts are those of the version that the host has.
  if (isPage && searchParams.has('embed')) return
  const answer = async () => {
    const cache = await caches.open(NAME)
    return (await cache.match(isPage ? './' : request, { ignoreSearch: true })) ?? fetch(request)
  }
  event.respondWith(answer())
})
