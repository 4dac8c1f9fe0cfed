// Lets the page work without a network after the first visit. WORKER is the service worker's file, set when the page is
// built; a quick build has none. A figure in another page, and a page from a disk, have none either.

/// How long after the first view, in milliseconds, so that the worker's loading does not hold it up.
const LATER = 4000

let waiting

/// Registers the worker, and calls `offer` where a newer version waits for being used.
export function work_offline(offer) {
  const embedded = window !== parent || 'embed' in document.documentElement.dataset
  if (!WORKER || embedded || !isSecureContext || !('serviceWorker' in navigator)) return
  setTimeout(() => register(offer).catch(() => {}), LATER)
}

async function register(offer) {
  const registration = await navigator.serviceWorker.register(WORKER)
  const look = worker => {
    // The first version has nobody to take over from.
    if (worker?.state !== 'installed' || !navigator.serviceWorker.controller) return
    waiting = worker
    offer()
  }
  look(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing
    worker?.addEventListener('statechange', () => look(worker))
  })
}

/// Uses the version that waits: the page is loaded again as soon as it is in charge.
export function use_new_version() {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
  waiting?.postMessage('take over')
}
